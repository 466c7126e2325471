package i18n

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// changeSentences are what a change's differences say (app/change), by their
// English format. The arguments come in the same order.
var changeSentences = map[string]string{
	"%s: %s":                "%s：%s",
	"frozen: %s":            "冻结：%s",
	"no longer frozen (%s)": "不再冻结（%s）",
	"all live visits end":   "全部在线访问结束",
	"one visit of %s ends":  "结束 %s 的一次访问",
	"its live visits end, and do not come back with the thaw": "其在线访问结束，解冻后不恢复",
	"%s: %s -> %s":                       "%s：%s → %s",
	"%s: %s -> none":                     "%s：%s → 无",
	"%s: %t":                             "%s：%s",
	"%s: %d":                             "%s：%s",
	"%s %s":                              "%s %s",
	"%s %s is added":                     "增加%s %s",
	"%s %s is taken away":                "去掉%s %s",
	"%s is no longer %s":                 "%s 不再%s",
	"%s is denied":                       "禁止 %s",
	"%s is allowed":                      "允许 %s",
	"%s of application %s":               "%s，属于应用 %s",
	"%s may introspect":                  "%s可以查询令牌",
	"%s may not introspect any more":     "%s不再可以查询令牌",
	"%s introspects with another secret": "%s改用另一个密钥查询令牌",
	"upstream for %s is taken away":      "去掉%s上游",
	"route %s is taken away":             "去掉路由 %s",
	"route %s is added: %s %s under permission %s:%s":                    "增加路由 %s：%s %s，权限 %s:%s",
	"route %s is taken away: what it answered, route %s may answer now":  "去掉路由 %s：原由它应答的请求，可能改由路由 %s 应答",
	"%sthe sample reply is another":                                      "%s示例应答已更换",
	"hours: %s":                                                          "服务时间：%s",
	"hours: %s -> %s":                                                    "服务时间：%s → %s",
	"stop from %s until %s is added: %s / %s":                            "增加停机 %s 至 %s：%s / %s",
	"stop from %s until %s is taken away":                                "取消停机 %s 至 %s",
	"%suntil %s -> %s":                                                   "%s结束时间 %s → %s",
	"field %s under %s %s":                                               "字段 %s（%s）：%s",
	"field %s under %s now %s (before: %s)":                              "字段 %s（%s）：现为%s（原为%s）",
	"field %s under %s is no longer named, and does not leave (was: %s)": "字段 %s（%s）不再列出，不再传出（原为%s）",
	"field %s under %s is no longer named: as %s, it %s (was: %s)":       "字段 %s（%s）不再列出：按 %s 处理，%s（原为%s）",
	"%s (%s) comes into the portal of %s as an owner, and may change what is in production":     "%s（%s）将作为所有者进入 %s 的门户，可变更生产环境",
	"%s (%s) comes into the portal of %s as an owner, and may not change what is in production": "%s（%s）将作为所有者进入 %s 的门户，生产环境仅可查看",
	"a new set-up link may be made for %s: who gets it becomes the account's owner":             "可为 %s 重新发放设置链接，持有者将成为账号的主人",
	"role %s is given":      "授予角色：%s",
	"role %s is taken away": "收回角色：%s",
	"consent: version %d must be agreed to before C2 and C3 fields leave (%s)": "同意：C2、C3 字段须先获得对版本 %s 的同意（%s）",
	"consent: none is demanded any longer; C2 and C3 fields leave without it":  "同意：不再要求同意，C2、C3 字段直接传出",
	"consent: version %d -> %d, everybody is asked again":                      "同意：版本 %s → %s，需重新征得同意",
	"consent, %s says something else":                                          "同意：%s 文字已更改",
	"application %s may use scope %s: %s":                                      "应用 %s 可使用数据范围 %s：%s",
	"%s":                                                                       "%s", "%s is added": "增加%s", "%s is taken away": "去掉%s", "%s can be reached otherwise": "%s的联系方式已变更",
	"contacts stand in another order": "联系人顺序已调整",

	"%s is made and used at once": "生成%s，立即启用",
	"%s by whoever keeps the JWKS; they fetch it again, or refuse for up to five minutes":                                       "缓存了 JWKS 的一方还%s，会重新获取，或在最多五分钟内拒绝",
	"%s is made: listed at once, used five minutes later":                                                                       "生成%s：立即发布，五分钟后启用",
	"%s %s makes nothing new from then on, and opens what it made for %d minutes more":                                          "%s %s 此后不再用于生成，仍可解密由它生成的内容 %s 分钟",
	"%s %s is retired at once, and its private part is deleted":                                                                 "%s %s 立即停用，私钥部分删除",
	"ATs that carry %s %s and are not spent open no visit any more: partners ask for new ones; visits that are open go on":      "携带%s %s 且未使用的 AT 不能再打开访问，合作方须重新领取；已打开的访问不受影响",
	"ATs and assertions that %s %s signed are refused by whoever fetches the JWKS from now on; visits that are open go on":      "由%s %s 签署的 AT 和断言，自重新获取 JWKS 起被拒绝；已打开的访问不受影响",
	"every visit whose VT %s %s sealed ends: its visitor begins again in the partner's app; no AT is touched":                   "VT 由%s %s 加密的访问全部结束，访问者须从合作方 App 重新进入；AT 不受影响",
	"checkpoints that %s %s signed are verified by its public key as before; auditors must know from when on not to believe it": "由%s %s 签署的检查点仍以其公钥核验；须告知审计人员自何时起不再采信",
	"%s %s opens nothing any more: it is retired, and its private part is deleted":                                              "%s %s 已不再解密任何内容：停用，私钥部分删除",
	"%s: what is older than %d days is deleted within an hour and does not come back":                                           "%s：超过 %s 天的数据将在一小时内删除，无法恢复",
	"%s is no longer looked at: its alerts end, and nobody is told":                                                             "不再检查“%s”：现有告警结束，不再通知",
}

// changeWords are the words that such a difference is about.
var changeWords = map[string]string{
	"status": "状态", "name": "名称", "partner": "合作方", "environment": "环境", "suite": "密码套件", "auth_method": "认证方式",
	"address_mode": "来源地址检查", "address": "来源地址", "return address": "返回地址", "at_lifetime": "AT 有效期（秒）",
	"daily_quota": "每日 AT 配额", "at_rate": "每秒 AT", "vt_rate": "每秒 VT", "call_rate": "每秒调用", "not_after": "有效期至",
	"revoked": "吊销", "starts_at": "授权开始", "ends_at": "授权结束", "ended": "终止", "service": "服务", "title": "标题", "requires_customer": "要求客户登录", "offered": "列入合作方目录",
	"h5_url": "页面地址", "class": "类别", "api_id": "API 编号", "allow_no_origin": "允许无来源请求", "vt_lifetime": "VT 有效期（秒）",
	"renew_window": "续期窗口（秒）", "max_age": "访问最长时间（秒）", "max_body": "请求上限（字节）", "durable_calls": "调用先落盘再应答",
	"origin": "页面来源", "method": "方法", "pattern": "路径", "permission": "权限", "query name": "查询参数", "reply type": "应答类型",
	"error field": "错误字段", "sign_in": "登录路由", "owner_check": "归属检查", "reason_en": "英文原因", "reason_zh": "中文原因",
	"timeout": "超时（毫秒）", "connect_timeout": "连接超时（毫秒）", "max_reply": "应答上限（字节）",
	"legal_name": "企业全称", "credit_code": "统一社会信用代码", "contract": "合同编号", "contract_ends": "合同到期日", "risk": "风险等级", "looked after by": "负责人", "contact": "联系人",
	"draft": "草稿", "in_review": "审批中", "active": "启用", "suspended": "暂停", "closed": "关闭", "production": "生产", "sandbox": "沙箱",
	"true": "是", "false": "否", "none": "无", "never": "无期限", "always": "全天", "no limit": "不限", "the gateway's": "网关默认值",
	"off": "不检查", "dry_run": "仅记录", "enforce": "强制", "allowed": "允许", "denied": "禁止", "client secret": "客户端密钥",
	"system": "系统管理员", "security": "安全管理员", "audit": "审计管理员", "officer": "准入专员", "reviewer": "审核员", "support": "客服支持",
	"business contact": "业务联系人", "technical contact": "技术联系人", "security contact": "安全联系人", "manager contact": "客户经理",
	"frozen": "冻结", "bank": "本行", "no new ATs": "不签发新 AT", "no new visits": "不开新访问", "no calls": "不放行调用",
	"no ATs, no visits, no calls": "不签发 AT、不开访问、不放行调用", "nothing is stopped: a drill": "不停止任何流量：演练",
	"low": "低", "medium": "中", "high": "高",
	"from": "起", "until": "止", "event": "事件", "all but partner": "除合作方", "application": "应用", "outcome": "结果", "reason of refusal": "拒绝原因",
	"refused ones alone": "仅拒绝", "rows at most": "最多行数",
	"key": "密钥", "a successor": "新密钥", "the successor is not known": "不知道新密钥",
}

// changePhrases are words with something in them.
var changePhrases = []struct {
	re      *regexp.Regexp
	chinese string
}{
	{regexp.MustCompile(`^route (\S+): (.*)$`), "路由 %s：%s"},
	{regexp.MustCompile(`^upstream for (\w+): (.*)$`), "%s上游：%s"},
	{regexp.MustCompile(`^upstream for (\w+)$`), "%s上游"},
	{regexp.MustCompile(`^stop from (\S+): (.*)$`), "停机 %s：%s"},
	{regexp.MustCompile(`^replies under (.+) leave whole \(raw\)$`), "%s 的应答整体传出"},
	{regexp.MustCompile(`^binding of (.+)$`), "绑定参数 %s"},
	{regexp.MustCompile(`^leaves unmasked, class (.*)$`), "原文传出，级别 %s"},
	{regexp.MustCompile(`^leaves masked as (.+), class (.*)$`), "按 %s 掩码传出，级别 %s"},
	{regexp.MustCompile(`^does not leave, class (.*)$`), "不传出，级别 %s"},
	{regexp.MustCompile(`^(\S+) by default$`), "默认 %s"},
	{regexp.MustCompile(`^signature key (.+) \(thumbprint (.+)\)$`), "签名密钥 %s（指纹 %s）"},
	{regexp.MustCompile(`^encryption key (.+) \(thumbprint (.+)\)$`), "加密密钥 %s（指纹 %s）"},
}

// changeWord is a word of a difference in Chinese; what has none stays as it is.
func changeWord(word string) string {
	if chinese, ok := SettingWord(Chinese, word); ok {
		return chinese
	}
	if chinese, ok := changeWords[word]; ok {
		return chinese
	}
	for _, p := range changePhrases {
		if parts := p.re.FindStringSubmatch(word); parts != nil {
			args := make([]any, len(parts)-1)
			for i, part := range parts[1:] {
				args[i] = changeWord(strings.TrimSuffix(part, ": "))
			}
			return fmt.Sprintf(p.chinese, args...)
		}
	}
	return word
}

// englishWords are the fields that one says otherwise than they are written.
var englishWords = map[string]string{
	"at_rate": "ATs a second", "vt_rate": "VTs a second", "call_rate": "calls a second", "daily_quota": "ATs a day",
	"at_lifetime": "AT lifetime (s)", "vt_lifetime": "VT lifetime (s)", "renew_window": "renewal window (s)", "max_age": "longest visit (s)",
	"max_body": "largest request (octets)", "h5_url": "page address", "api_id": "API id", "auth_method": "authentication",
	"address_mode": "check of addresses", "not_after": "ends", "starts_at": "starts", "ends_at": "ends",
}

// englishWord is a field as one says it.
func englishWord(word string) string {
	if english, ok := SettingWord(English, word); ok {
		return english
	}
	if english, ok := englishWords[word]; ok {
		return english
	}
	if _, field := changeWords[word]; field {
		return strings.ReplaceAll(word, "_", " ")
	}
	return word // an id, a thumbprint: its characters are its own
}

// named are the fields whose values are what people wrote, and no words of ours: an
// officer whose login is "security" stays that.
var named = map[string]bool{"name": true, "legal_name": true, "title": true, "contract": true, "looked after by": true, "reason_en": true, "reason_zh": true}

// amounts are the fields, beside the settings, whose digits are a number of something; of
// others they are an id.
var amounts = map[string]bool{
	"rows at most": true, "at_rate": true, "vt_rate": true, "call_rate": true, "daily_quota": true, "at_lifetime": true, "vt_lifetime": true, "renew_window": true,
	"max_age": true, "max_body": true, "timeout": true, "connect_timeout": true, "max_reply": true,
}

func isAmount(field string) bool {
	_, setting := SettingWord(English, field)
	return setting || amounts[field[strings.LastIndex(field, " ")+1:]] || amounts[field]
}

// Difference says a difference of a change in the reader's language. One that
// compares comes back in its parts, label, before and after; of another one the
// sentence is the label and has no sides.
func Difference(ctx context.Context, format string, args []string) (label, before, after string, compares bool) {
	words := make([]string, len(args))
	for i, a := range args {
		if i > 0 && named[args[0]] {
			words[i] = a
		} else if From(ctx) == Chinese {
			words[i] = changeWord(a)
		} else if i == 0 {
			words[i] = englishWord(a)
		} else {
			words[i] = a
		}
		if i > 0 && isAmount(args[0]) {
			words[i] = Figure(ctx, words[i])
		}
	}
	switch {
	case format == "%s: %s -> %s" && len(words) == 3:
		return words[0], words[1], words[2], true
	case format == "%s: %s -> none" && len(words) == 2:
		return words[0], words[1], "", true
	case format == "%s: %t" && len(words) == 2:
		return words[0], From(ctx).yes(args[1] != "true"), From(ctx).yes(args[1] == "true"), true
	case (format == "%s: %s" || format == "%s: %d") && len(words) == 2:
		return words[0], "", words[1], true
	}
	if s, known := sided[format]; known {
		return s.of(From(ctx), words)
	}
	sentence, known := changeSentences[format]
	if From(ctx) != Chinese || !known {
		sentence = strings.NewReplacer("%t", "%s", "%d", "%s").Replace(format)
	}
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	if From(ctx) == Chinese {
		sentence = closed(sentence, list)
	}
	return fmt.Sprintf(sentence, list...), "", "", false
}

// yes says whether something is so.
func (l Lang) yes(is bool) string {
	switch {
	case l == Chinese && is:
		return "是"
	case l == Chinese:
		return "否"
	case is:
		return "yes"
	}
	return "no"
}

// sides are a difference that names what was and what shall be in one sentence, as
// its two sides. before and after are places among its words; -1 is none.
type sides struct {
	label, labelZH string // of the first words
	before, after  int
	gone, goneZH   string // the after of what has none
}

var sided = map[string]sides{
	"field %s under %s %s":                  {label: "field %s under %s", labelZH: "字段 %s（%s）", before: -1, after: 2},
	"field %s under %s now %s (before: %s)": {label: "field %s under %s", labelZH: "字段 %s（%s）", before: 3, after: 2},
	"field %s under %s is no longer named, and does not leave (was: %s)": {
		label: "field %s under %s", labelZH: "字段 %s（%s）", before: 2, after: -1, gone: "not named: does not leave", goneZH: "不再列出，不传出",
	},
	"no longer frozen (%s)": {label: "frozen", labelZH: "冻结", before: 0, after: -1, gone: "not frozen", goneZH: "不冻结"},
}

func (s sides) of(l Lang, words []string) (label, before, after string, compares bool) {
	label, after = s.label, s.gone
	if l == Chinese {
		label, after = s.labelZH, s.goneZH
	}
	args := make([]any, strings.Count(label, "%s"))
	for i := range args {
		args[i] = words[i]
	}
	if s.before >= 0 {
		before = words[s.before]
	}
	if s.after >= 0 {
		after = words[s.after]
	}
	return fmt.Sprintf(label, args...), before, after, true
}

// recordedForm finds the parts of a difference in the sentence that is on record.
type recordedForm struct {
	format string
	re     *regexp.Regexp
}

// recordedForms are those of all differences; the more of a sentence is fixed, the
// earlier it is tried, and a yes or a number before any word.
var recordedForms = sync.OnceValue(func() (forms []recordedForm) {
	formats := slices.Collect(maps.Keys(changeSentences))
	formats = slices.DeleteFunc(formats, func(f string) bool { return f == "%s %s" }) // any two words
	slices.SortFunc(formats, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(strings.Count(a, "%s"), strings.Count(b, "%s")), cmp.Compare(a, b))
	})
	for _, format := range formats {
		pattern := strings.NewReplacer("%s", "(.+?)", "%d", `(\d+)`, "%t", "(true|false)").Replace(regexp.QuoteMeta(format))
		forms = append(forms, recordedForm{format, regexp.MustCompile("^" + pattern + "$")})
	}
	return forms
})

// Recorded says in the reader's language what the ledger has of a change, where
// differences stand one after another. What is no difference stays as it is. clock
// says the moments among a difference's words, the first of which is its field.
func Recorded(ctx context.Context, text string, clock func([]string) []string) string {
	parts := strings.Split(text, "; ")
	for i, part := range parts {
		parts[i] = recorded(ctx, part, clock)
	}
	if From(ctx) == Chinese {
		return strings.Join(parts, "；")
	}
	return strings.Join(parts, "; ")
}

func recorded(ctx context.Context, text string, clock func([]string) []string) string {
	for _, form := range recordedForms() {
		found := form.re.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		words, ok := form.words(found[1:])
		if !ok {
			continue
		}
		label, before, after, compares := Difference(ctx, form.format, clock(words))
		switch {
		case !compares:
			return label
		case before == "":
			return T(ctx, ChangeRecordedNew, label, after)
		}
		return T(ctx, ChangeRecorded, label, cmp.Or(before, "–"), cmp.Or(after, "–"))
	}
	return text
}

// words are what a form found, where two words of ours stand beside each other without
// anything between them: "return address https://…" is a return address. ok is false
// where both are one: "security contact is added" is about no contact of "security".
func (f recordedForm) words(found []string) (words []string, ok bool) {
	if !strings.HasPrefix(f.format, "%s %s ") {
		return found, true
	}
	whole := found[0] + " " + found[1]
	if _, one := changeWords[whole]; one {
		return nil, false
	}
	for i := strings.LastIndexByte(whole, ' '); i > 0; i = strings.LastIndexByte(whole[:i], ' ') {
		if _, known := changeWords[whole[:i]]; known {
			return append([]string{whole[:i], whole[i+1:]}, found[2:]...), true
		}
	}
	return found, true
}

// Differences on record, in one line. Of what is new there is nothing before.
var (
	ChangeRecorded    = def("change.recorded", "%[1]s: %[2]s → %[3]s", "%[1]s：%[2]s → %[3]s")
	ChangeRecordedNew = def("change.recorded_new", "%[1]s: %[2]s", "%[1]s：%[2]s")
)

// KnowsDifference reports whether there is a Chinese sentence for a format.
func KnowsDifference(format string) bool {
	_, ok := changeSentences[format]
	return ok
}
