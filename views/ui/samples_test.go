package ui_test

import (
	"time"

	"github.com/a-h/templ"

	"postern/views/ui"
)

var (
	shanghai = time.FixedZone("+08:00", 8*3600)
	moment   = time.Date(2026, 11, 20, 9, 23, 4, 118e6, shanghai)
	now      = moment.Add(42 * time.Minute)
)

var diff = ui.DiffView{Caption: "What changes", Lines: []ui.DiffLine{
	{Label: "Daily quota", Before: "60,000", After: "80,000", Unit: "calls"},
	{Label: "Phone leaves", Before: "in full", After: "masked as 138••••6027"},
	{Label: "Purpose", After: "Show balance before a trip"},
	{Label: "Ends", Before: "30 June 2027", After: "30 June 2027"},
}}

var confirm = ui.ConfirmView{
	ID: "suspend", Title: "Suspend Acme Travel", Text: "214 live visits end now. New ATs are refused with invalid_client. Going back needs a second person.",
	Field: &ui.FieldView{ID: "suspend-name", Name: "name", Label: "Write the name to confirm", Value: "Acme Tra"},
	Match: "Acme Travel", Action: "/console/partners/1/suspend", Hidden: []ui.Hidden{{Name: "version", Value: "7"}}, Button: "Suspend Acme Travel", Cancel: "/console/partners/1",
}

var secret = ui.SecretView{ID: "secret", Label: "Client secret", Value: "pst_test_9fQ2mK7vXw4cR1tZ8bLd6yHp", File: "client-secret.txt", Action: "/done"}

var logRows = []ui.Row{
	{ID: "e1", Fresh: true, Cells: []ui.Cell{{Text: "10:05:12.884", Mono: true, Href: "?row=e1"}, {Part: ui.Dot(ui.DotView{Tone: ui.Ok, Text: "VT issued"})}, {Text: "Lianhe Travel", Second: "H5 main app"}, {Text: "9,812"}}},
	{ID: "e2", Chosen: true, Cells: []ui.Cell{{Text: "10:05:11.972", Mono: true, Href: "?row=e2"}, {Part: ui.Badge(ui.BadgeView{Tone: ui.Bad, Text: "VT refused"})}, {Text: "Chengzi Rent", Second: "rent-h5"}, {Text: "162", Tone: ui.Warn}}},
	{ID: "e3", Tone: ui.Bad, Mark: &ui.MarkView{Name: "row", Value: "e3", Label: "10:05:10.862", Checked: true}, Cells: []ui.Cell{{Text: "10:05:10.862"}, {Text: "–"}, {Text: "Nanfeng Logistics"}, {Text: "1"}}},
}

var logHead = []ui.Column{{Text: "Time, Shanghai"}, {Text: "Event"}, {Text: "Partner and application"}, {Text: "Visits today", Number: true}}

var timeline = ui.TimelineView{Label: "From tap to data", Rows: []ui.TimelineRow{
	{Letter: "A", State: "outside", What: "Tap in the partner app", Detail: "Lianhe Travel 8.14, Android", Took: "start", Note: "reported by the SDK"},
	{Letter: "B", State: "ok", What: "AT asked and issued", Detail: "private_key_jwt, kid lht-2026-11", Decision: &ui.BadgeView{Tone: ui.Ok, Icon: "check", Text: "allowed"}, Rule: "grant 4410, both scopes", From: 1, Width: 2, Took: "14 ms", Note: "2 of 2 scopes"},
	{Letter: "D", State: "bad", What: "AT exchanged", Detail: "sealed to AK ak-2026-11-03", Decision: &ui.BadgeView{Tone: ui.Bad, Icon: "x", Text: "refused"}, Rule: "at_spent", From: 70, Width: 3, Took: "11 ms"},
	{Letter: "E", State: "idle", What: "VT issued", Took: "–"},
}}

var stopwatch = ui.StopwatchView{
	Seconds: "0.91", Share: 66, Title: "Everything is stopping for Chengzi Rent", Text: "Lin Qiao at 10:06:31.204: one AT after another is being redeemed twice.", Scale: "0 to 1 s", Ticking: true,
	Facts: []ui.Tile{{Label: "Nodes that obeyed", Number: "1 of 2"}, {Label: "Visits ended", Number: "214"}, {Label: "Last accepted call", Number: "+0.37 s"}},
	Nodes: []ui.StopNode{
		{Name: "gw-1", Place: "Zone A, 10.8.0.11", Share: 18, After: "0.184 s", Obeyed: true, InFlight: "0"},
		{Name: "gw-3", Place: "Zone B, 10.9.0.11", Share: 91, After: "0.91 s", InFlight: "counting"},
	},
}

var chart = ui.ChartView{
	ID: "issued", Title: "Issued and refused", Unit: "every 5 minutes", Zone: "Asia/Shanghai", Range: "/console/log",
	Series: []ui.Series{{Name: "VT issued", Colour: 1}, {Name: "Refused", Colour: 3}},
	Drawn:  `{"times":[1795132800,1795133100,1795133400,1795133700,1795134000],"series":[[420,610,730,980,1040],[4,6,2,40,21]]}`,
	Table: ui.TableView{Caption: "Issued and refused, every 5 minutes", Head: []ui.Column{{Text: "Time"}, {Text: "VT issued", Number: true}, {Text: "Refused", Number: true}},
		Rows: []ui.Row{{Cells: []ui.Cell{{Text: "10:00"}, {Text: "1,040"}, {Text: "21"}}}}},
}

var code = ui.CodeView{Label: "Sealed, as it travels", Sealed: true,
	Lines:  [][]ui.Span{{{Class: "header", Text: "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyJ9."}, {Class: "wrapped", Text: "9hH0kPz4Vb7Y."}, {Class: "iv", Text: "xWc1Re."}, {Class: "content", Text: "Tq0cW5vLm2e8Kd0Zr7."}, {Class: "tag", Text: "vA9s"}}},
	Legend: []ui.Span{{Class: "header", Text: "header"}, {Class: "wrapped", Text: "wrapped R"}, {Class: "iv", Text: "IV"}, {Class: "content", Text: "content"}, {Class: "tag", Text: "tag"}},
}

var opened = ui.CodeView{Label: "Opened", Lines: [][]ui.Span{{{Text: "{ "}, {Class: "key", Text: `"limit"`}, {Text: ": "}, {Class: "number", Text: "200000"}, {Text: ", "}, {Class: "key", Text: `"name"`}, {Text: ": "}, {Class: "string", Text: `"王*"`}, {Text: " }"}}}}

func life(states ...ui.Progress) ui.StepsView {
	words := []string{"Draft", "In review", "Active", "Suspended", "Closed"}
	v := ui.StepsView{Label: "Life of this partner"}
	for i, p := range states {
		v.Steps = append(v.Steps, ui.Step{Word: words[i], Progress: p})
	}
	v.Steps[0].When = "2 March"
	return v
}

var wizard = ui.StepsView{Label: "Register a partner", Numbered: true, Steps: []ui.Step{
	{Word: "Partner", Href: "/partner", Progress: ui.Done}, {Word: "Application", Progress: ui.Current}, {Word: "Services", Progress: ui.Later}, {Word: "Scopes", Progress: ui.Later}, {Word: "Review", Progress: ui.Later},
}}

// samples are the pieces in their states: each has a golden file a language.
var samples = map[string][]templ.Component{
	"status": {
		ui.Status(ui.StatusView{State: ui.Draft}), ui.Status(ui.StatusView{State: ui.InReview}), ui.Status(ui.StatusView{State: ui.Active}), ui.Status(ui.StatusView{State: ui.Suspended}),
		ui.Status(ui.StatusView{State: ui.Refused}), ui.Status(ui.StatusView{State: ui.Frozen}), ui.Status(ui.StatusView{State: ui.Closed}), ui.Status(ui.StatusView{State: "unheard_of"}), ui.Status(ui.StatusView{State: ui.Frozen, Word: "AT frozen"}),
	},
	"class":       {ui.Class(ui.ClassView{Class: "C1"}), ui.Class(ui.ClassView{Class: "C2"}), ui.Class(ui.ClassView{Class: "C3"}), ui.Class(ui.ClassView{})},
	"treatment":   {ui.Treatment(ui.TreatmentView{Treatment: "keep"}), ui.Treatment(ui.TreatmentView{Treatment: "mask", Field: "holder.phone", Words: "phone mask"}), ui.Treatment(ui.TreatmentView{Treatment: "drop", Field: "holder.id_no"})},
	"environment": {ui.Environment(ui.EnvironmentView{}), ui.Environment(ui.EnvironmentView{Production: true})},
	"dot":         {ui.Dot(ui.DotView{Tone: ui.Ok, Text: "VT issued"}), ui.Dot(ui.DotView{Text: "VT closed"})},
	"id":          {ui.ID(ui.IDView{ID: "01JDC4M7T0W8QHR"}), ui.ID(ui.IDView{ID: "5tQeYxWc1ReTq0cW5vLm2e8vA9s", Prefix: "jti"})},
	"time": {
		ui.Time(ui.TimeView{At: moment, Now: now}), ui.Time(ui.TimeView{At: moment, Now: moment.Add(time.Second)}), ui.Time(ui.TimeView{At: moment, Now: moment.Add(5 * time.Hour)}),
		ui.Time(ui.TimeView{At: moment, Now: moment.Add(24 * time.Hour)}), ui.Time(ui.TimeView{At: moment, Now: moment.Add(-time.Second)}), ui.Time(ui.TimeView{At: moment, Now: now, Exactly: true}),
	},
	"facts":   {ui.KeyValues(ui.KeyValuesView{Rows: []ui.KeyValue{{Key: "Contract", Value: ui.Text("QS-2026-0902")}, {Key: "Code", Value: ui.Mono("91330106MA2H7QXM4M")}, {Key: "Partner", Value: ui.Link(ui.LinkView{Text: "<Acme>", Href: "/p/1"})}}})},
	"diff":    {ui.Diff(diff), ui.DiffCount(diff)},
	"changes": {ui.Changes(diff)},
	"note": {
		ui.Note(ui.NoteView{Tone: ui.Accent, Text: "For your information."}), ui.Note(ui.NoteView{Tone: ui.Ok, Lead: "The visit worked.", Text: "Data was on the page 0.79 s after the tap."}),
		ui.Note(ui.NoteView{Tone: ui.Warn, Text: "The contract ends in 8 days."}), ui.Flash(ui.NoteView{Tone: ui.Bad, Text: "Not saved: somebody changed this at 10:04.", Links: []ui.LinkView{{Text: "Show both", Href: "/both"}}}),
	},
	"errors": {ui.ErrorSummary(ui.ErrorSummaryView{Faults: []ui.FieldFault{{ID: "key", Label: "Public key"}, {ID: "quota", Label: "Daily quota"}}}), ui.ErrorSummary(ui.ErrorSummaryView{Faults: []ui.FieldFault{{ID: "key", Label: "Public key"}}})},
	"button": {
		ui.Button(ui.ButtonView{Text: "Submit for review", Kind: ui.Primary}), ui.Button(ui.ButtonView{Text: "Save draft", Name: "do", Value: "draft"}), ui.Button(ui.ButtonView{Text: "Cancel", Kind: ui.Plain, Href: "/back"}),
		ui.Button(ui.ButtonView{Text: "Suspend…", Kind: ui.Risky, Href: "/suspend", Dialog: "suspend"}), ui.Button(ui.ButtonView{Text: "End 214 visits", Kind: ui.Danger}),
		ui.Button(ui.ButtonView{Text: "Not allowed yet", Disabled: true, Why: "Two contacts are not verified."}), ui.Button(ui.ButtonView{Text: "Submit", Kind: ui.Primary, Busy: true, Disabled: true}),
		ui.Button(ui.ButtonView{Text: "Older", IconAfter: "arrow-right", Href: "/older", Disabled: true, Small: true}),
	},
	"confirm": {ui.Confirm(confirm), ui.ConfirmDialog(confirm)},
	"secret":  {ui.Secret(secret)},
	"field": {
		ui.Field(ui.FieldView{ID: "purpose", Name: "purpose", Label: "Purpose", Hint: "the partner sees this", Value: "Show balance before a trip", Help: "One sentence; 10 to 200 characters.", MaxLength: 200}),
		ui.Field(ui.FieldView{ID: "ends", Name: "ends", Label: "Ends on", Value: "31 Feb 2027", Help: "not shown", Error: "February 2027 has 28 days."}),
		ui.Field(ui.FieldView{ID: "rate", Name: "rate", Label: "Requests a second", Optional: true, Unit: "ATs a day", InputMode: "numeric"}),
		ui.Field(ui.FieldView{ID: "pass", Name: "password", Label: "Password", Control: ui.Password, Value: "never echoed", Large: true, Autocomplete: "current-password", Beside: &ui.LinkView{Text: "Forgotten", Href: "/forgotten"}}),
		ui.Field(ui.FieldView{ID: "suite", Name: "suite", Label: "Suite", Control: ui.Select, Options: []ui.Option{{Value: "A256", Text: "A256"}, {Value: "GM", Text: "GM", Chosen: true}}}),
		ui.Field(ui.FieldView{ID: "keys", Name: "keys", Label: "Public key", Control: ui.TextArea, Mono: true, Value: `{"kty":"EC"}</textarea><b>`, Placeholder: "{}"}),
		ui.Field(ui.FieldView{ID: "day", Name: "day", Label: "Day", Control: ui.Date, Value: "2027-02-28", Required: true, Focus: true}),
		ui.Checkbox(ui.CheckboxView{ID: "seen", Name: "seen", Value: "yes", Label: "I have seen that 3,412 calls would now fail", Checked: true}), ui.Checkbox(ui.CheckboxView{ID: "agree", Name: "agree", Value: "yes", Label: "Agree", Error: "Tick this to go on."}),
	},
	"choices": {
		ui.Choices(ui.ChoicesView{ID: "how", Name: "how", Legend: "How far", Help: "Thawing needs two.", Options: []ui.Choice{{Value: "at", Label: "New ATs", Help: "Live visits go on.", Checked: true}, {Value: "all", Label: "Everything", Disabled: true, Why: "Your role may not."}}}),
		ui.Choices(ui.ChoicesView{ID: "what", Name: "what", Legend: "What", Segmented: true, Error: "Choose one.", Options: []ui.Choice{{Value: "p", Label: "Partner"}, {Value: "s", Label: "Service"}}}),
	},
	"table": {
		ui.Table(ui.TableView{Caption: "Issuance log", Head: logHead, Rows: logRows}),
		ui.Table(ui.TableView{Caption: "Partners", Shown: true, Head: logHead, Empty: ui.Empty(ui.EmptyView{Title: "No suspended partner", Text: "184 are registered.", Action: &ui.ButtonView{Text: "Clear filters", Href: "?"}})}),
	},
	"paging": {
		ui.Paging(ui.PagingView{First: "51", Last: "100", Total: "41,200", About: true, Newer: "?newer=1", Older: "?older=1"}), ui.Paging(ui.PagingView{First: "1", Last: "50", Total: "184", Older: "?older=1"}),
		ui.Paging(ui.PagingView{First: "1", Last: "7"}), ui.Paging(ui.PagingView{Words: "0 of 184"}),
	},
	"filters": {
		ui.Filters(ui.FiltersView{Action: "/console/partners", Name: "q", Search: "Name, credit code or contract", Kept: []ui.Hidden{{Name: "state", Value: "suspended"}},
			Set:     []ui.FilterChip{{Label: "State", Value: "suspended", Remove: "?"}, {Label: "Time", Value: "today", Icon: "clock", Remove: "?x"}},
			Offered: []ui.FilterMenu{{Label: "Risk", Options: []ui.LinkView{{Text: "high", Href: "?risk=high"}}}}, Clear: "?"}),
		ui.Filters(ui.FiltersView{Clear: "?"}),
	},
	"menu":      {ui.Menu(ui.MenuView{Text: "Export", Icon: "download", Items: []ui.LinkView{{Text: "CSV", Href: "/x.csv"}, {Text: "Excel", Href: "/x.xlsx", Icon: "file-text"}}})},
	"steps":     {ui.Steps(life(ui.Done, ui.Done, ui.Current, ui.Later, ui.Later)), ui.Steps(wizard)},
	"checklist": {ui.Checklist(ui.ChecklistView{Title: "Make it work", Count: "1 of 3", Steps: []ui.CheckStep{{Title: "Key registered", Seen: "lht-test-1", Owner: ui.OwnerYou, Progress: ui.Done}, {Title: "First sealed call", Href: "/call", Owner: ui.OwnerItself, Progress: ui.Current}, {Title: "Approved", Owner: ui.OwnerBank, Progress: ui.Later}}})},
	"timeline":  {ui.Timeline(timeline)},
	"tiles":     {ui.Tiles(ui.TilesView{Tiles: []ui.Tile{{Label: "Live visits", Number: "2,418", Note: "peak today 2,960", Href: "/visits", Spark: []float64{1, 2, 2, 5}}, {Label: "Refused", Number: "14.6%", Note: "812 refusals", Tone: ui.Bad, Spark: []float64{3, 3, 3}}}})},
	"bar":       {ui.Bar(ui.BarView{Value: 312, Max: 812, Label: "invalid_at 312", Tone: ui.Bad}), ui.Bar(ui.BarView{Value: 35, Max: 812, Label: "stale_request 35"})},
	"busy":      {ui.Busy(ui.BusyView{Text: "Export: 18,432 of 41,206 rows", Value: 18432, Max: 41206, Stop: "/stop"}), ui.Busy(ui.BusyView{Text: "Looking"}), ui.Skeleton()},
	"stopwatch": {ui.Stopwatch(stopwatch)},
	"live":      {ui.LiveBar(ui.LiveView{Live: true, Words: "14 rows a second, newest on top.", Href: "?live=0"}), ui.LiveBar(ui.LiveView{Words: "Paused by you.", Href: "?live=1", New: 38, Show: "?"})},
	"chart":     {ui.Chart(chart)},
	"code":      {ui.Code(code), ui.Code(opened)},
	"empty":     {ui.Empty(ui.EmptyView{Title: "No visit yet", Text: "The first one appears here.", Other: &ui.ButtonView{Text: "Read how", Kind: ui.Plain, Href: "/docs"}}), ui.Empty(ui.EmptyView{Title: "Nothing", Text: "At all."})},
	"failed":    {ui.Failed(ui.FailedView{Title: "The log cannot be read just now", Text: "Issuing goes on; nothing is lost.", Retry: "/log", RequestID: "01JDC5A0M3V9TQE"})},
	"forbidden": {ui.Forbidden(ui.ForbiddenView{Title: "Keys are for security officers", Name: "Wang Lei", Role: "onboarding officer", Needed: "security administrator", Ask: "/ask", Back: ui.LinkView{Text: "Back to Partners", Href: "/partners"}})},
	"header": {
		ui.Header(ui.HeaderView{Title: "联合出行", Avatar: "联", Badges: []templ.Component{ui.Status(ui.StatusView{State: ui.Active})}, Lead: ui.Text("HT-2026-0317"), Actions: []ui.ButtonView{{Text: "Edit", Icon: "pencil", Href: "/edit"}, {Text: "Freeze…", Icon: "snowflake", Kind: ui.Risky, Href: "/freeze"}}}),
		ui.Header(ui.HeaderView{Title: "Partners"}),
	},
	"tabs":    {ui.Tabs(ui.TabsView{Label: "Parts", Tabs: []ui.Tab{{Text: "Profile", Href: "?"}, {Text: "Applications", Count: "3", Href: "?tab=a", Current: true}}}), ui.Segments(ui.TabsView{Label: "Range", Tabs: []ui.Tab{{Text: "1 hour", Href: "?h"}, {Text: "Today", Href: "?d", Current: true}}})},
	"card":    {ui.Card(ui.CardView{Title: "Partner", Count: "7", Aside: "today", Action: ui.Link(ui.LinkView{Text: "Change", Href: "/c"}), Foot: ui.Text("Values are never stored.")}), ui.Card(ui.CardView{Title: "Kill switch", Icon: "snowflake", Tone: ui.Ice}), ui.Card(ui.CardView{})},
	"actions": {ui.Actions(ui.ActionsView{Back: &ui.ButtonView{Text: "Partner", Icon: "arrow-left", Href: "/p"}, Buttons: []ui.ButtonView{{Text: "Save draft"}, {Text: "Continue", Kind: ui.Primary}}})},
	"drawer":  {ui.Drawer(ui.DrawerView{Title: "at_spent", Mono: true, Badge: &ui.BadgeView{Tone: ui.Bad, Text: "VT refused"}, Close: "/log", Next: "?row=2", Previous: "?row=1"}), ui.Drawer(ui.DrawerView{Title: "Event", Close: "/log"})},
}
