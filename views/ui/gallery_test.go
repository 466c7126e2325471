package ui_test

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"postern/views/layout"
	"postern/views/ui"
)

// gallery is pages to look at, each beside its picture: the pieces, the card
// of those who are not signed in, the three states, a form with errors, a
// partner, the log with its drawer, the kill switch, the portal.
func gallery(theme string) map[string]templ.Component {
	p := layout.Preferences{Action: "/preferences", Here: "/", Theme: theme}
	return map[string]templ.Component{
		"pieces":  inside(layout.Console(console(p, "Components", "/console")), pieces()),
		"sign-in": inside(layout.SignedOut(layout.SignedOutLayout{Title: "登录管理控制台", Lead: "仅限行内员工，所有操作均有记录", Bank: "海棠银行", Preferences: p, Foot: "连续 5 次失败将锁定 15 分钟", Below: "无法登录时，请联系两位安全管理员重置第二因素。"}), signIn()),
		"states":  inside(layout.Console(console(p, "Partners", "/console/partners")), states()),
		"form":    inside(layout.Console(console(p, "Register", "/console/partners")), form()),
		"partner": inside(layout.Console(console(p, "联合出行", "/console/partners")), partner()),
		"log":     inside(layout.Console(console(p, "Issuance log", "/console/log")), issuance()),
		"visit":   inside(layout.Console(console(p, "Visit", "/console/xray")), visit()),
		"portal":  inside(layout.Portal(portal(p)), launch()),
		"menu":    inside(layout.Console(console(p, "All pages", "/console/menu")), join(ui.Header(ui.HeaderView{Title: "All pages"}), layout.ConsoleMenu(navigation("")))),
	}
}

// inside draws content as the children of frame.
func inside(frame templ.Component, content ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return frame.Render(templ.WithChildren(ctx, join(content...)), w)
	})
}

func join(parts ...templ.Component) templ.Component { return templ.Join(parts...) }

// box is a div of one class around parts.
func box(class string, parts ...templ.Component) templ.Component {
	return join(templ.Raw(`<div class="`+class+`">`), join(parts...), templ.Raw(`</div>`))
}

func card(v ui.CardView, parts ...templ.Component) templ.Component {
	return inside(ui.Card(v), parts...)
}

func body(parts ...templ.Component) templ.Component { return inside(ui.CardBody(), parts...) }

func navigation(current string) []layout.NavGroup {
	groups := []layout.NavGroup{
		{Items: []layout.NavItem{{Text: "Overview", Href: "/console", Icon: "layout-dashboard", Key: "o"}, {Text: "Approvals", Href: "/console/approvals", Icon: "clipboard-check", Key: "a", Count: "3"}}},
		{Title: "Directory", Items: []layout.NavItem{{Text: "Partners", Href: "/console/partners", Icon: "building-store", Key: "p"}, {Text: "Services", Href: "/console/services", Icon: "apps", Key: "s"}, {Text: "Scopes", Href: "/console/scopes", Icon: "columns", Key: "c"}}},
		{Title: "Traffic", Items: []layout.NavItem{{Text: "Issuance log", Href: "/console/log", Icon: "list-details", Key: "l"}, {Text: "Live visits", Href: "/console/visits", Icon: "activity", Key: "v"}, {Text: "Visit X-ray", Href: "/console/xray", Icon: "scan", Key: "x"}}},
		{Title: "Control", Items: []layout.NavItem{{Text: "Kill switch", Href: "/console/freezes", Icon: "snowflake", Key: "k"}, {Text: "Policy simulator", Href: "/console/simulator", Icon: "scale"}, {Text: "Keys", Href: "/console/keys", Icon: "key", Key: "y"}}},
		{Title: "Administration", Items: []layout.NavItem{{Text: "Staff", Href: "/console/staff", Icon: "users"}, {Text: "Activity", Href: "/console/activity", Icon: "history"}, {Text: "Settings", Href: "/console/settings", Icon: "settings"}}},
	}
	for _, g := range groups {
		for i := range g.Items {
			g.Items[i].Current = g.Items[i].Href == current
		}
	}
	return groups
}

func console(p layout.Preferences, title, current string) layout.ConsoleLayout {
	return layout.ConsoleLayout{
		Title: title, Bank: "Haitang Bank", Home: "/console", Search: "/console/search", Menu: "/console/menu", Nav: navigation(current),
		Breadcrumb: []layout.Crumb{{Text: "Partners", Href: "/console/partners"}, {Text: title}}, Nodes: layout.Nodes{Words: "3 nodes healthy", Tone: ui.Ok, Href: "/console/nodes"},
		User: layout.User{Name: "Wang Lei", Role: "Onboarding officer", Initial: "WL", Href: "/console/me"}, SignOut: "/console/sign-out", Preferences: p,
	}
}

func portal(p layout.Preferences) layout.PortalLayout {
	return layout.PortalLayout{
		Title: "Launch", Partner: "Lianhe Travel", Bank: "Haitang Bank", Home: "/portal", Sandbox: "/portal?e=sandbox", Live: "/portal?e=production", SignOut: "/portal/sign-out", Preferences: p,
		Nav:  []layout.NavItem{{Text: "Home", Href: "/portal", Current: true}, {Text: "Applications", Href: "/portal/applications"}, {Text: "Credentials", Href: "/portal/credentials"}, {Text: "Scopes", Href: "/portal/scopes"}, {Text: "Try it", Href: "/portal/try"}, {Text: "Log and usage", Href: "/portal/log"}, {Text: "Docs", Href: "/portal/docs"}},
		User: layout.User{Name: "He Jing", Role: "Owner", Initial: "HJ"},
	}
}

func pieces() templ.Component {
	part := func(title string, names ...string) templ.Component {
		var all []templ.Component
		for _, name := range names {
			all = append(all, box("p-row", samples[name]...))
		}
		return card(ui.CardView{Title: title}, body(all...))
	}
	stack := func(title string, parts ...templ.Component) templ.Component {
		return card(ui.CardView{Title: title}, body(parts...))
	}
	return join(
		ui.Header(ui.HeaderView{Title: "Components", Lead: ui.Text("Every piece in its states, as the screens use it.")}),
		box("p-thirds",
			part("Buttons", "button"),
			part("Status, class, environment", "status", "class", "treatment", "environment"),
			stack("Ids, time, key and value", ui.KeyValues(ui.KeyValuesView{Rows: []ui.KeyValue{{Key: "Request", Value: samples["id"][0]}, {Key: "AT", Value: samples["id"][1]}, {Key: "When", Value: samples["time"][0]}}})),
			stack("Diff in words", samples["changes"]...),
			stack("Flash and notes", samples["note"]...),
			stack("Secret, shown once", ui.Secret(ui.SecretView{ID: "shown", Label: "Client secret", Value: secret.Value, File: secret.File, Action: "/done"})),
			stack("Confirm what cannot be undone", ui.Confirm(confirm)),
			stack("Fields", samples["field"][:2]...),
			stack("Progress, busy", samples["busy"]...),
			stack("Choices", samples["choices"]...),
			stack("Code", samples["code"]...),
			stack("Bars and menu", join(samples["bar"]...), join(samples["menu"]...), samples["tabs"][1]),
		),
		ui.Tiles(ui.TilesView{Tiles: []ui.Tile{{Label: "Live visits", Number: "2,418", Note: "peak today 2,960 at 09:47", Href: "/v", Spark: []float64{1, 1, 2, 2, 4, 8, 9, 7}}, {Label: "Refused", Number: "14.6%", Note: "812 refusals", Tone: ui.Bad, Spark: []float64{1, 2, 1, 4, 2}}, {Label: "Sealed calls", Number: "318,442", Note: "p95 38 ms"}}}),
		ui.Chart(chart),
		card(ui.CardView{Title: "What changes"}, ui.Diff(diff)),
	)
}

func signIn() templ.Component {
	return join(
		templ.Raw(`<form method="post" action="/sign-in">`),
		ui.Button(ui.ButtonView{Text: "使用通行密钥登录", Icon: "fingerprint", Large: true, Name: "way", Value: "passkey"}),
		layout.Or("或使用密码"),
		ui.Field(ui.FieldView{ID: "name", Name: "name", Label: "工号或邮箱", Value: "wang.lei@haitang.example", Large: true, Autocomplete: "username"}),
		ui.Field(ui.FieldView{ID: "password", Name: "password", Label: "密码", Control: ui.Password, Large: true, Autocomplete: "current-password", Help: "下一步需要验证器上的 6 位动态码。", Focus: true, Beside: &ui.LinkView{Text: "忘记密码", Href: "/forgotten"}}),
		ui.Button(ui.ButtonView{Text: "继续", Kind: ui.Primary, Large: true}),
		templ.Raw(`</form>`),
	)
}

func states() templ.Component {
	return join(
		ui.Header(ui.HeaderView{Title: "Partners", Lead: ui.Text("Companies whose apps open the bank's pages."), Actions: []ui.ButtonView{{Text: "Register a partner", Icon: "plus", Kind: ui.Primary, Href: "/new"}}}),
		samples["filters"][0],
		card(ui.CardView{Foot: ui.Paging(ui.PagingView{Words: "0 of 184"})}, ui.Table(ui.TableView{
			Caption: "Partners", Head: []ui.Column{{Text: "Partner"}, {Text: "State"}, {Text: "Risk"}, {Text: "Applications"}, {Text: "Visits today", Number: true}},
			Empty: ui.Empty(ui.EmptyView{Title: "No suspended partner with high risk", Text: "184 partners are registered; 3 are suspended and 7 have high risk, none both.", Action: &ui.ButtonView{Text: "Clear both filters", Href: "?"}, Other: &ui.ButtonView{Text: "Show the 3 suspended", Kind: ui.Plain, Href: "?s"}}),
		})),
		box("p-halves", card(ui.CardView{}, samples["failed"]...), card(ui.CardView{}, samples["forbidden"]...)),
	)
}

func form() templ.Component {
	row := func(parts ...templ.Component) templ.Component { return box("p-form-row", parts...) }
	options := func(words ...string) []ui.Option { return []ui.Option{{Value: "1", Text: words[0], Chosen: true}} }
	fields := join(
		ui.ErrorSummary(ui.ErrorSummaryView{Faults: []ui.FieldFault{{ID: "key", Label: "Public key"}, {ID: "addresses", Label: "Addresses, line 2"}, {ID: "quota", Label: "Daily quota"}}}),
		row(ui.Field(ui.FieldView{ID: "app", Name: "app", Label: "Name", Value: "Qingshan Mall H5", Help: "Shown to the bank and the partner"}), ui.Field(ui.FieldView{ID: "env", Name: "env", Label: "Environment", Control: ui.Select, Options: options("Production")})),
		row(ui.Field(ui.FieldView{ID: "suite", Name: "suite", Label: "Suite", Control: ui.Select, Options: options("A256, international algorithms"), Help: "Cannot be changed later"}), ui.Field(ui.FieldView{ID: "auth", Name: "auth", Label: "Client authentication", Control: ui.Select, Options: options("private_key_jwt, ES256")})),
		ui.Field(ui.FieldView{ID: "key", Name: "key", Label: "Public key", Hint: "JWK or PEM", Control: ui.TextArea, Mono: true, Value: `{"kty":"EC","crv":"P-384","x":"2jCG5DmKUql9YPn7F2C-0ljWEbj8O8-vn5Ih1k7Wzb…","kid":"qs-1"}`, Error: "This key is on P-384. ES256 needs P-256: make a new pair with curve P-256, or choose another authentication."}),
		row(
			ui.Field(ui.FieldView{ID: "addresses", Name: "addresses", Label: "Addresses its servers call from", Hint: "one per line", Control: ui.TextArea, Mono: true, Value: "198.51.100.24/29\n10.20.0.0/16\n198.51.100.61", Error: "Line 2, 10.20.0.0/16, is a private network and never reaches us. Give the public address of their exit."}),
			box("p-stack", ui.Field(ui.FieldView{ID: "quota", Name: "quota", Label: "Daily quota", Value: "12 million", Unit: "ATs a day", Error: "Use digits only, at most 10,000,000. For more, ask the security officer to raise the limit."}), ui.Field(ui.FieldView{ID: "rate", Name: "rate", Label: "Requests a second", Optional: true, Value: "200", Help: "The service default is 100; more than 500 needs a reason."})),
		),
	)
	return join(
		ui.Header(ui.HeaderView{Title: "Register Qingshan Mall", Lead: ui.Text("Draft saved 10:04. You can leave and come back; nothing goes live before a second person approves."), Actions: []ui.ButtonView{{Text: "Leave, keep the draft", Kind: ui.Plain, Href: "/leave"}}}),
		ui.Steps(wizard),
		box("p-columns",
			join(templ.Raw(`<form method="post" action="/save" novalidate>`), card(ui.CardView{Title: "Application", Aside: "all fields needed unless marked optional", Foot: samples["actions"][0]}, body(fields)), templ.Raw(`</form>`)),
			box("p-stack", card(ui.CardView{Title: "Partner", Action: ui.Link(ui.LinkView{Text: "Change", Href: "/change"})}, body(ui.KeyValues(ui.KeyValuesView{Rows: []ui.KeyValue{{Key: "Legal name", Value: ui.Text("Hangzhou Qingshan E-commerce Co., Ltd.")}, {Key: "Credit code", Value: ui.Mono("91330106MA2H7QXM4M")}, {Key: "Contract", Value: ui.Text("QS-2026-0902, to 1 Sep 2028")}}})))),
		),
	)
}

func partner() templ.Component {
	applications := ui.TableView{Caption: "应用", Head: []ui.Column{{Text: "应用"}, {Text: "环境"}, {Text: "密码套件 / 认证方式"}, {Text: "状态"}, {Text: "今日访问", Number: true}, {Text: "拒绝率", Number: true}}, Rows: []ui.Row{
		{Chosen: true, Cells: []ui.Cell{{Text: "联合出行 H5 主应用", Second: "app_live_lht_7Qm2", Coded: true, Href: "/a/1"}, {Part: ui.Environment(ui.EnvironmentView{Production: true})}, {Text: "A256", Second: "private_key_jwt", Coded: true, Mono: true}, {Part: ui.Status(ui.StatusView{State: ui.Active})}, {Text: "9,812"}, {Text: "0.8%"}}},
		{Cells: []ui.Cell{{Text: "联调测试", Second: "app_test_lht_Zk91", Coded: true, Href: "/a/2"}, {Part: ui.Environment(ui.EnvironmentView{})}, {Text: "GM", Second: "client_secret_basic", Coded: true, Mono: true}, {Part: ui.Status(ui.StatusView{State: ui.Active})}, {Text: "316"}, {Text: "11.4%"}}},
	}}
	grants := ui.TableView{Caption: "授权", Head: []ui.Column{{Text: "数据范围"}, {Text: "最高级别"}, {Text: "用途"}, {Text: "到期"}}, Rows: []ui.Row{
		{Cells: []ui.Cell{{Text: "account.balance:read", Second: "查询账户余额", Mono: true}, {Part: ui.Class(ui.ClassView{Class: "C2"})}, {Text: "行程前余额提示"}, {Text: "2027-06-30"}}},
		{Cells: []ui.Cell{{Text: "loan.offer:read", Second: "查询预授信额度", Mono: true}, {Part: ui.Class(ui.ClassView{Class: "C3"})}, {Text: "购车分期入口"}, {Text: "2026-12-18", Second: "剩 28 天", Tone: ui.Warn}}},
	}}
	steps := ui.StepsView{Label: "合作方的阶段", Steps: []ui.Step{{Word: "草稿", When: "3月2日", Progress: ui.Done}, {Word: "审批中", When: "3月9日", Progress: ui.Done}, {Word: "启用", When: "3月11日起", Progress: ui.Current}, {Word: "暂停", Progress: ui.Later}, {Word: "关闭", Progress: ui.Later}}}
	return join(
		ui.Header(ui.HeaderView{Title: "联合出行", Avatar: "联", Badges: []templ.Component{ui.Status(ui.StatusView{State: ui.Active, Word: "启用"}), ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: "风险等级：中"})}, Lead: ui.Text("上海联合出行网络科技有限公司 · 91310115MA1K4XQT7C · 合作编号 HT-2026-0317"), Actions: []ui.ButtonView{{Text: "查看访问", Icon: "scan", Href: "/v"}, {Text: "修改资料", Icon: "pencil", Href: "/e"}, {Text: "冻结…", Icon: "snowflake", Kind: ui.Risky, Href: "/f"}}}),
		ui.Steps(steps),
		ui.Tabs(ui.TabsView{Label: "合作方", Tabs: []ui.Tab{{Text: "资料", Href: "?t=1"}, {Text: "应用", Count: "3", Href: "?t=2", Current: true}, {Text: "授权", Count: "7", Href: "?t=3"}, {Text: "凭证", Count: "5", Href: "?t=4"}}}),
		box("p-columns",
			box("p-stack", card(ui.CardView{Title: "应用", Action: ui.Button(ui.ButtonView{Text: "新增应用", Icon: "plus", Small: true, Href: "/n"})}, ui.Table(applications)), card(ui.CardView{Title: "主应用的授权", Count: "7 项", Foot: ui.Text("显示 5 / 7 项")}, ui.Table(grants))),
			box("p-stack",
				card(ui.CardView{Title: "资料"}, body(ui.KeyValues(ui.KeyValuesView{Rows: []ui.KeyValue{{Key: "合同", Value: ui.Text("HT-2026-0317")}, {Key: "安全联系人", Value: ui.Text("何静 138••••6027")}, {Key: "出口地址", Value: ui.Mono("203.0.113.0/28")}}}))),
				card(ui.CardView{Title: "紧急停止", Icon: "snowflake", Tone: ui.Ice}, body(ui.Text("一人即可执行，立即生效；解冻需要双人复核。"), ui.Button(ui.ButtonView{Text: "停止签发新 AT", Small: true, Href: "/x"}), ui.Button(ui.ButtonView{Text: "停止全部，结束 214 个访问", Small: true, Kind: ui.Risky, Href: "/y"}))),
			),
		),
	)
}

func issuance() templ.Component {
	drawer := inside(ui.Drawer(ui.DrawerView{Title: "at_spent", Mono: true, Badge: &ui.BadgeView{Tone: ui.Bad, Text: "VT refused"}, Close: "/console/log", Next: "?row=3", Previous: "?row=1"}),
		ui.Text("This AT had opened a visit 4.1 s earlier under another R. That visit was ended and an alarm raised."),
		ui.Button(ui.ButtonView{Text: "Open visit X-ray", Icon: "scan", Href: "/xray"}),
		ui.KeyValues(ui.KeyValuesView{Rows: []ui.KeyValue{{Key: "When", Value: ui.Text("20 Nov 2026, 10:05:11.972")}, {Key: "Request", Value: samples["id"][0]}, {Key: "Application", Value: join(ui.Link(ui.LinkView{Text: "rent-h5", Href: "/a"}), ui.Environment(ui.EnvironmentView{Production: true}))}, {Key: "AT", Value: samples["id"][1]}}}))
	return join(
		ui.Header(ui.HeaderView{Title: "Issuance log", Lead: ui.Text("Every AT and VT issued, refused, renewed, revoked or closed. Rows are kept 400 days and cannot be edited."), Actions: []ui.ButtonView{{Text: "Prove a row", Icon: "shield-check", Href: "/prove"}, {Text: "Export 41,206 rows", Icon: "download", Href: "/export"}}}),
		samples["filters"][0], samples["live"][0],
		box("p-columns is-drawer", card(ui.CardView{}, ui.Table(ui.TableView{Caption: "Issuance log", Head: logHead, Rows: logRows[:2]}), samples["paging"][0]), drawer),
	)
}

func visit() templ.Component {
	return join(
		ui.Header(ui.HeaderView{Title: "Visit 8Ln2…Tq0c", Badges: []templ.Component{ui.Badge(ui.BadgeView{Tone: ui.Ok, Text: "live, 3 min 12 s left"})}}),
		ui.Note(ui.NoteView{Tone: ui.Ok, Lead: "The visit worked.", Text: "Data was on the page 0.79 s after the tap."}),
		box("p-columns is-drawer", card(ui.CardView{Title: "From tap to data", Aside: "0 to 800 ms, times of the gateway clock", Foot: ui.Text("Grey: outside the bank. Coloured: decided here.")}, ui.Timeline(timeline)), card(ui.CardView{Title: "Fields that left"}, body(samples["treatment"]...))),
		ui.Stopwatch(stopwatch),
	)
}

func launch() templ.Component {
	return join(
		ui.Header(ui.HeaderView{Title: "Launch Lianhe Travel", Lead: ui.Text("7 of 12 steps done. Next: one sealed call in the sandbox."), Actions: []ui.ButtonView{{Text: "Read the protocol", Icon: "book", Href: "/p"}, {Text: "Try it in the sandbox", Icon: "player-play", Kind: ui.Primary, Href: "/t"}}}),
		box("p-columns", card(ui.CardView{}, samples["checklist"]...), card(ui.CardView{Title: "Sandbox", Icon: "flask", Tone: ui.Sand}, body(samples["facts"]...))),
	)
}
