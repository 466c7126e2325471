package i18n

import "strings"

// Explanation says what a refusal was, in a sentence, and what helps, in another: to the
// bank's staff, and to the partner's own users.
type Explanation struct{ Cause, Cure, YourCause, YourCure Key }

// why files an explanation under the code or the reason that it is for. Where it speaks of
// the partner, the partner's users read a cause of their own.
func why(id, cause, causeZH, cure, cureZH string) Explanation {
	words := yours[id]
	e := Explanation{Cause: def("why."+id, cause, causeZH), Cure: def("cure."+id, cure, cureZH), YourCure: def("yours."+id, words[0], words[1])}
	e.YourCause = e.Cause
	if words, apart := yourCauses[id]; apart {
		e.YourCause = def("your_cause."+id, words[0], words[1])
	}
	return e
}

// Explain says what a refusal with a code (protocol section 7, RFC 6749 section
// 5.2) and the ledger's reason for it means. A reason says more than its code; one
// that is not known yet is explained by the code. known is false for neither.
func Explain(code, reason string) (e Explanation, known bool) {
	if strings.HasPrefix(reason, weatherMark) {
		return whyWeather, true
	}
	if e, known = byReason[[2]string{code, reason}]; known {
		return e, true
	}
	if e, known = byReason[[2]string{"", reason}]; known {
		return e, true
	}
	e, known = byCode[code]
	return e, known
}

// weatherMark begins the reason of a refusal that a partner asked for in its sandbox.
const weatherMark = "weather:"

var whyWeather = why("weather", "The partner wanted its sandbox to answer as if this had gone wrong.", "合作方在沙箱中开启了故障演练，网关按该故障作答。",
	"Nothing to do: it ends by itself within half an hour.", "无需处理：演练最多半小时后自动结束。")

// WhyRun explains the same where a conformance run had raised it.
var WhyRun = why("weather_run", "A conformance run of the partner's had its sandbox answer as if this had gone wrong.", "合作方正在沙箱中进行一致性测试，网关按该故障作答。",
	"Nothing to do: the run ends it.", "无需处理：该故障由测试结束。")

// ExplainsReason reports whether a reason has a sentence of its own with a code.
func ExplainsReason(code, reason string) bool {
	_, with := byReason[[2]string{code, reason}]
	_, alone := byReason[[2]string{"", reason}]
	return with || alone
}

// ExplainsCode reports whether a code has a sentence.
func ExplainsCode(code string) bool {
	_, known := byCode[code]
	return known
}

var byReason = map[[2]string]Explanation{}

// under files an explanation under reasons, whatever their code.
func under(e Explanation, reasons ...string) Explanation {
	for _, reason := range reasons {
		byReason[[2]string{"", reason}] = e
	}
	return e
}

// with files an explanation under a reason of one code, where others use the word for other things.
func with(e Explanation, code, reason string) Explanation {
	byReason[[2]string{code, reason}] = e
	return e
}

// What each code says by itself.
var byCode = map[string]Explanation{
	"bad_envelope": whyEnvelope,
	"too_large": why("too_large", "The request was over the size limit.", "请求超过大小上限。",
		"The page must send less at once, or the service's limit must be raised.", "页面应减少单次发送的内容，或调高该服务的上限。"),
	"stale_request": whyClock,
	"replayed":      whyReplay,
	"invalid_at": why("invalid_at", "The AT is not valid here.", "AT 在这里无效。",
		"The partner must ask for a new AT each time before it opens the page.", "合作方每次打开页面前都要重新申请 AT。"),
	"at_spent": why("at_spent", "The AT was used already.", "AT 已经用过。",
		"The partner must ask for a new AT each time before it opens the page, and must not keep h5_url.", "合作方每次打开页面前都要重新申请 AT，不要缓存 h5_url。"),
	"origin_denied": whyOrigin,
	"invalid_vt": why("invalid_vt", "The VT is not valid any more.", "VT 已失效。",
		"The visitor goes back to the partner's app and opens the page again.", "访客返回合作方 App 重新进入即可。"),
	"not_active": why("not_active", "The partner, the application or the service may not be used now.", "合作方、应用或服务目前不可用。",
		"See in the directory which of them is not active, and since when.", "在目录中查看是哪一个未启用、从何时起。"),
	"scope_denied": whyScope,
	"customer_required": why("customer_required", "The call needs a customer who is signed in, and nobody was.", "该调用要求客户已登录，但当时没有登录。",
		"The page must lead the visitor through the bank's sign-in first.", "页面应先引导访客完成银行登录。"),
	"consent_stale": whyConsent,
	"no_route": why("no_route", "The service has no route for this method and path.", "该服务没有与此方法和路径相符的路由。",
		"The page asks for something that was never set up, or is older than the service. Compare it with the service's routes.", "页面请求了未配置的路由，或页面版本过旧。请与服务的路由对照。"),
	"rate_limited": why("rate_limited", "There were more requests than the limit allows.", "请求数超过限额。",
		"Wait, or raise the application's limits after a review.", "稍后再试，或经审批后调高该应用的限额。"),
	"upstream_unavailable": why("upstream_unavailable", "The bank's own system gave no answer that may leave.", "行内系统没有给出可以传出的答复。",
		"Ask whoever runs the upstream what happened at this time; the request id is in its log, too.", "请上游系统的负责人查看这一时刻的情况；上游日志中也有该请求编号。"),
	"upstream_timeout": whyTimeout,
	"unavailable": why("unavailable", "The gateway could not do this at that moment; nothing was done.", "网关当时无法处理，未做任何操作。",
		"The visitor may simply try again. If it goes on, look at the node's state.", "访客可以重试；如果持续出现，请查看节点状态。"),

	"invalid_client": why("invalid_client", "The partner's server did not prove which application it is.", "合作方服务器未能证明自己是哪个应用。",
		"Tell the partner the reason below; the wire never names it.", "把下面的原因告知合作方，接口上不会说明。"),
	"invalid_request": why("invalid_request", "The partner's server sent a request that cannot be read.", "合作方服务器发来的请求无法识别。",
		"The partner's developers must correct the request.", "由合作方开发人员修正请求。"),
	"invalid_target": whyTarget,
	"invalid_scope": why("invalid_scope", "A scope was asked for that is not granted for this service.", "申请的数据范围未授予该服务。",
		"Compare what was asked for with the application's grants.", "把申请内容与该应用的授权对照。"),
	"unauthorized_client": why("unauthorized_client", "The application may not ask for an AT in this way.", "该应用不能以这种方式申请 AT。",
		"See the reason: keys or method of the application do not fit the service.", "查看原因：应用的密钥或认证方式与服务不符。"),
	"unsupported_grant_type": why("unsupported_grant_type", "The partner's server asked with a grant type other than client_credentials.", "合作方服务器使用了 client_credentials 以外的 grant_type。",
		"The partner's developers must set grant_type to client_credentials.", "合作方开发人员应把 grant_type 设为 client_credentials。"),
	"unsupported_token_type": whyRevokeJWE,
}

// The explanations that several codes or reasons share.
var (
	_ = under(why("evidence_differs", "The database held another past than the anchor of its checkpoints: the node decided nothing.", "数据库与检查点锚文件所记的历史不一致，节点已停止作出决定。",
		"An administrator finds out which of both is right, as docs/operations.md says; nothing was done.", "请管理员按运维文档查明哪一方正确；未做任何操作。"), "evidence_differs")
	whyEnvelope = under(why("envelope", "What the page sent is not an envelope that this gateway takes.", "页面发来的不是本网关接受的信封。",
		"The page must use the SDK of this gateway, unchanged. If it does, somebody altered the message on its way.", "页面应使用本网关的 SDK 且不作改动；如已如此，则消息在途中被改动过。"),
		"form", "header", "alg", "enc", "typ", "epk", "unwrap", "cek", "tag", "signature", "json", "plaintext", "two_bodies", "body_b64", "method", "headers", "size", "body")
	_ = under(why("kid", "The message was sealed to an AK that this gateway does not have, or has no more.", "消息所用的 AK 不存在或已停用。",
		"The page must take the AK out of the AT each time and keep none.", "页面每次都应从 AT 中取得 AK，不要保存。"), "kid")
	whyClock = under(why("clock", "The call's time was more than 60 seconds off.", "调用时间与网关相差超过 60 秒。",
		"The SDK sets the time by the gateway's: the page must not set it itself, and must not send a call again later.", "SDK 会按网关校准时间：页面不要自行设定，也不要过后重发。"), "clock")
	whyReplay = under(why("jti", "The very same request was seen before.", "同一请求此前已收到过。",
		"A write was done once at most. The page must make a new request, not send the old one again.", "写操作最多执行一次。页面应发起新请求，不要重发旧请求。"), "jti")
	whyOrigin = under(why("origin", "The page that asked is not one of the service's origins.", "发起请求的页面不在该服务登记的来源之内。",
		"Open the page at the registered address, or have its origin added to the service after a review.", "从登记的地址打开页面，或经审批后为服务添加该来源。"), "origin")
	whyScope = under(why("no_rule", "No live scope of the application allows this call.", "该应用没有有效的数据范围允许此调用。",
		"The grant has ended, or never was. A new one needs a review.", "授权已到期或不存在。新增授权需要审批。"), "no_rule")
	whyConsent = under(why("consent_stale", "The page gave another version of the consent than the one that is asked for now.", "页面提交的同意书版本不是当前要求的版本。",
		"The page must list the consents again and show the visitor that text.", "页面应重新获取同意书列表，并向访客展示该文本。"), "version", "none_demanded")
	whyTimeout = under(why("timeout", "The bank's own system did not answer in time.", "行内系统未在规定时间内答复。",
		"Ask whoever runs the upstream; a write may have been done all the same.", "请联系上游系统的负责人；写操作可能已经执行。"), "timeout")
	whyTarget = under(why("unknown_service", "The service that was asked for does not exist.", "申请的服务不存在。",
		"The partner must use the service's URN exactly as the portal shows it.", "合作方应使用门户所示的服务 URN，不得有出入。"), "unknown_service")
	whyRevokeJWE = under(why("jwe", "The partner tried to revoke the envelope in which the AT came, not the AT.", "合作方吊销的是 AT 的信封，而不是 AT 本身。",
		"The partner must open the envelope and revoke the AT inside it.", "合作方应先打开信封，再吊销其中的 AT。"), "jwe")
)

// Step B: who is asking.
var (
	_ = under(why("assertion_form", "The client assertion cannot be read.", "客户端断言无法识别。",
		"The partner must send one compact JWS made by its library, whole.", "合作方应发送完整的 compact JWS。"),
		"assertion", "assertion_form", "assertion_claims", "assertion_typ", "assertion_type", "assertion_without_exp", "assertion_jti")
	_ = under(why("assertion_subject", "The client assertion names another application than the request.", "客户端断言中的应用与请求不一致。",
		"iss, sub and client_id must all be the application's id.", "iss、sub 和 client_id 都应为该应用的 id。"), "assertion_subject", "client_id_differs")
	_ = under(why("assertion_audience", "The client assertion is meant for another gateway.", "客户端断言的受众不是本网关。",
		"aud must be exactly the issuer in the gateway's metadata, as one text.", "aud 应与网关元数据中的 issuer 完全一致，且为单个字符串。"), "assertion_audience")
	_ = under(why("assertion_time", "The client assertion is too old, or of a time that has not come.", "客户端断言已过期，或时间超前。",
		"The partner must set its server's clock and make a new assertion for each request, good for five minutes at most.", "合作方应校准服务器时钟，每次请求新建断言，有效期不超过 5 分钟。"),
		"assertion_expired", "assertion_exp_too_far", "assertion_from_the_future", "assertion_not_yet")
	_ = under(why("assertion_before_restore", "The database was restored, and this assertion may have been used before that.", "数据库恢复过，此断言可能在恢复前已使用。",
		"Nothing to do: the next assertion, a few minutes after the restore, is taken.", "无须处理：恢复几分钟后的新断言即可通过。"), "assertion_before_restore")
	_ = under(why("assertion_replayed", "The same client assertion was used before.", "同一客户端断言此前已使用。",
		"The partner must make a new assertion with a new jti for each request. If it does, somebody has copied one.", "合作方每次请求都应使用新的 jti 新建断言；如已如此，则断言可能被复制。"), "assertion_replayed")
	_ = under(why("unknown_client", "There is no such application.", "没有这个应用。",
		"The partner must use the client id as the portal shows it, of the right environment.", "合作方应使用门户所示、对应环境的 client id。"), "unknown_client")
	_ = under(why("key_frozen", "The assertion was signed with a key that is frozen.", "断言的签名密钥已冻结。",
		"Whoever froze it, the partner or the bank, must thaw it, or the partner must use another key.", "由冻结方（合作方或银行）解冻，或由合作方改用其他密钥。"), "key_frozen")
	_ = under(why("key_ended", "The assertion was signed with a key whose end has come.", "断言的签名密钥已到期终止。",
		"The partner must use the key that took its place on every server.", "合作方应在所有服务器上改用新密钥。"), "key_ended")
	_ = under(why("unknown_kid", "The assertion was signed with a key that the application has not, or not any more.", "断言的签名密钥未登记，或已失效。",
		"The partner must register the key before using it, and stop using an old one before it ends.", "合作方应先登记密钥再使用，并在旧密钥失效前停用。"), "unknown_kid")
	_ = under(why("sandbox_key", "The assertion was signed with a key of the partner's sandbox, in production.", "生产环境的断言使用了该合作方沙箱应用的密钥签名。",
		"The partner's server in production must sign with the key that is registered for this application, under its kid.", "合作方的生产服务器应使用为该应用登记的密钥签名，并填写对应的 kid。"), "sandbox_key")
	_ = under(why("production_key", "The assertion was signed with a key of the partner's production, in the sandbox.", "沙箱环境的断言使用了该合作方生产应用的密钥签名。",
		"The partner must sign with the sandbox's own key, and see to it that the key of production lies on servers in production alone.", "合作方应使用沙箱应用自己的密钥签名，并确保生产密钥只存放在生产服务器上。"), "production_key")
	_ = under(why("bad_signature", "The assertion's signature does not fit the application's key.", "断言的签名与应用的密钥不符。",
		"The partner signs with another private key than the one whose public part is registered.", "合作方签名所用的私钥与登记的公钥不是一对。"), "bad_signature")
	_ = under(why("other_algorithm", "The assertion was signed with another algorithm than the key is registered for.", "断言的签名算法与密钥登记的算法不符。",
		"The partner must set alg to that of the registered key.", "合作方应把 alg 设为登记密钥的算法。"), "other_algorithm", "key_of_other_suite")
	_ = under(why("wrong_secret", "The client secret was wrong.", "客户端密钥有误。",
		"The partner must put the newest secret from its vault into its server, or make a new one.", "合作方应在服务器上配置最新的密钥，或重新生成。"), "wrong_secret", "malformed_basic")
	_ = under(why("wrong_method", "The application proved itself by another method than the one it is registered for.", "认证方式与应用登记的不符。",
		"The partner must use exactly the one method that the portal names.", "合作方只能使用门户所示的那一种认证方式。"),
		"wrong_method", "two_methods", "secret_in_body", "method_not_built", "no_credentials")
	_ = with(why("address", "The request came from an address that is not on the application's list.", "请求地址不在该应用的地址列表中。",
		"The partner must have its server's address added, or send through one that is there.", "合作方应登记服务器地址，或从已登记的地址发出。"), "invalid_client", "address")
	_ = under(why("address_failures", "Too many requests from this address had failed before.", "此前来自该地址的失败请求过多。",
		"Find out what fails there first; the address is let in again by itself after a while.", "先查明失败原因；一段时间后会自动解除。"), "address_failures")
	_ = under(why("request_form", "The request's form cannot be read.", "请求表单无法识别。",
		"The partner must send its parameters once each, urlencoded, in the body of a POST.", "合作方应以 POST 正文发送 urlencoded 参数，每个参数只出现一次。"),
		"query", "content_type", "twice", "grant_type", "token", "no_resource", "consent")
	_ = with(why("request_body", "The request's form cannot be read.", "请求表单无法识别。",
		"The partner must send its parameters once each, urlencoded, in the body of a POST.", "合作方应以 POST 正文发送 urlencoded 参数，每个参数只出现一次。"), "invalid_request", "form")
	_ = with(why("request_long", "The request was too long, or broke off.", "请求过长，或中途断开。",
		"A token request is 16 KiB at most. If it is short, the line is bad.", "令牌请求最长 16 KiB；如果并不长，则是网络问题。"), "invalid_request", "body")
)

// Step B: what is asked for.
var (
	_ = under(why("service_not_active", "The service is not active.", "该服务未启用。",
		"See in the directory who suspended it, and why.", "在目录中查看由谁暂停及原因。"), "service_not_active", "service_gone")
	_ = under(why("service_frozen", "No ATs are issued for this service: it is frozen.", "该服务已冻结，不再签发 AT。",
		"See at the kill switch who froze it, and why.", "在紧急停止页查看由谁冻结及原因。"), "service_frozen")
	_ = under(why("secret_for_a2", "A client secret is not enough for a service of class A2.", "A2 类服务不接受客户端密钥认证。",
		"The application must change to private_key_jwt.", "该应用应改用 private_key_jwt。"), "secret_for_a2")
	_ = under(why("suite_not_built", "The application's suite is not available on this gateway yet.", "本网关尚不支持该应用的密码套件。",
		"The application must use the suite A256 for now.", "该应用目前应使用 A256 套件。"), "suite_not_built")
	_ = under(why("no_encryption_key", "The application has no live key to which an AT could be sealed.", "该应用没有可用于加密 AT 的有效公钥。",
		"The partner must register a new encryption key.", "合作方应登记新的加密公钥。"), "no_encryption_key")
	_ = under(why("not_granted", "A scope was asked for that the application is not granted.", "申请了未授予该应用的数据范围。",
		"The partner asks for less, or applies for the scope.", "合作方应减少申请内容，或申请该数据范围。"), "not_granted", "nothing_granted")
	_ = under(why("too_many_scopes", "More scopes were asked for than fit into one AT.", "申请的数据范围过多，一个 AT 放不下。",
		"The partner must name only the scopes that the page needs.", "合作方应只列出页面需要的数据范围。"), "too_many_scopes")
	_ = under(why("subject", "The partner's user id is too long or has characters that are not allowed.", "合作方的用户标识过长，或含有不允许的字符。",
		"It may have 128 characters of printable ASCII.", "最多 128 个可打印 ASCII 字符。"), "subject")
	_ = under(why("return_to", "return_to is not one of the addresses registered for the application.", "return_to 不在该应用登记的返回地址中。",
		"The partner must register the address, or send one exactly as registered.", "合作方应登记该地址，或使用与登记完全一致的地址。"), "return_to")
	_ = under(why("daily_quota", "The application has had all its ATs of the day.", "该应用当日的 AT 配额已用完。",
		"It begins anew at midnight. More a day needs a review.", "午夜后重新计算。提高每日配额需要审批。"), "daily_quota")
	_ = under(why("closed_hours", "The service is closed at this time of day.", "该服务当前不在服务时间内。",
		"Nothing is wrong; the page tells the visitor when it opens again.", "一切正常；页面会告知访客恢复时间。"), "closed_hours")
	_ = under(why("planned_stop", "The service was closed by a planned stop.", "该服务处于计划停机中。",
		"Nothing is wrong; the page tells the visitor when it opens again.", "一切正常；页面会告知访客恢复时间。"), "planned_stop")
)

// Step D.
var (
	_ = under(why("unknown_at", "This gateway has not issued the AT, or has forgotten it long ago.", "AT 不是本网关签发的，或早已清除。",
		"The partner opened the page with an AT of another environment, or altered it.", "合作方使用了其他环境的 AT，或 AT 被改动。"), "unknown_at", "at_unknown")
	_ = under(why("at_expired", "The AT had waited too long: its time was over when the page traded it in.", "AT 等待过久：页面兑换时已经过期。",
		"The partner must ask for the AT when the visitor taps, not before, and the page must load faster than the AT lives.", "合作方应在用户点击时才申请 AT；页面加载不能超过 AT 的有效期。"), "at_expired")
	_ = under(why("at_revoked", "The partner had revoked the AT.", "AT 已被合作方吊销。",
		"Ask the partner why, if it did not mean to.", "如非本意，请向合作方了解原因。"), "at_revoked")
	_ = under(why("other_ak", "The AT was traded in under another AK than the one it carries.", "兑换 AT 所用的 AK 与 AT 中的不一致。",
		"The page must take the AK out of this very AT. One that keeps an old AK fails after each rotation.", "页面应使用该 AT 中的 AK；保存旧 AK 的页面在轮换后会失败。"), "other_ak")
	_ = under(why("other_r", "This AT had opened a visit before, under another R. That visit was ended and an alarm raised: the page lost its storage, or somebody else has the AT.",
		"此 AT 此前已在另一个 R 下打开过访问；那次访问已随即结束，并已告警。可能是页面丢失了本地存储，也可能是 AT 落入他人之手。",
		"The partner must ask for a new AT each time before it opens the page, and must not keep h5_url. If it does so, treat the AT as stolen.",
		"请合作方每次打开页面前重新申请 AT，不要缓存 h5_url。如已如此，应按 AT 被盗处理。"), "other_r")
	_ = under(why("r_reused", "The random number R had opened another visit before.", "随机数 R 此前已用于另一次访问。",
		"The page must draw a new R for each AT: it does not use the SDK, or was tampered with.", "页面应为每个 AT 生成新的 R：页面没有使用 SDK，或被篡改。"), "r_reused")
	_ = under(why("visit_ended", "The visit had ended.", "访问已经结束。",
		"The visitor goes back to the partner's app and opens the page again.", "访客返回合作方 App 重新进入即可。"), "visit_ended", "visit_too_old")
	_ = under(why("service_visits_ended", "All visits of the service were ended by the bank.", "该服务的所有访问已由银行结束。",
		"See in the service's history who did it, and why. New visits are not concerned.", "在服务的历史中查看由谁操作及原因。新的访问不受影响。"), "service_visits_ended")
	_ = under(why("epoch", "All visits of the application were ended by the bank.", "该应用的所有访问已由银行结束。",
		"See in the application's history who did it, and why. New visits are not concerned.", "在应用的历史中查看由谁操作及原因。新的访问不受影响。"), "epoch")
	_ = under(why("scopes_frozen", "All scopes of this AT are frozen.", "此 AT 的所有数据范围均已冻结。",
		"See at the kill switch who froze them, and why.", "在紧急停止页查看由谁冻结及原因。"), "scopes_frozen")
	_ = under(why("frozen", "Partner, application or service is frozen.", "合作方、应用或服务已冻结。",
		"See at the kill switch who froze it, and why.", "在紧急停止页查看由谁冻结及原因。"), "frozen")
	_ = under(why("application_not_active", "The partner or its application is not active.", "合作方或其应用未启用。",
		"See in the directory who suspended it, and why.", "在目录中查看由谁暂停及原因。"),
		"application_not_active", "not_active", "application_gone")
	_ = under(why("no_room", "Too many requests were under way at once.", "同时处理的请求过多。",
		"The visitor tries again. If it goes on, the node needs company.", "访客可以重试；如果持续出现，应增加节点。"), "no_room")
	_ = under(why("rate_at", "The application asked for ATs faster than its limit allows.", "该应用申请 AT 的速度超过限额。",
		"The partner must ask for an AT only when a visitor taps. A higher limit needs a review.", "合作方应只在用户点击时申请 AT。提高限额需要审批。"), "rate_at")
	_ = under(why("rate_vt", "The application's visits were opened faster than its limit allows.", "该应用打开访问的速度超过限额。",
		"Wait, or raise the limit after a review.", "稍后再试，或经审批后提高限额。"), "rate_vt")
	_ = under(why("rate_call", "The application's pages called faster than its limit allows.", "该应用的页面调用速度超过限额。",
		"Wait, or raise the limit after a review.", "稍后再试，或经审批后提高限额。"), "rate_call")
	_ = under(why("rate_visit", "One visit asked faster than any visitor taps.", "单次访问的请求速度超过正常操作。",
		"The page asks in a loop, or somebody drives it by a script.", "页面在循环请求，或有人用脚本操作。"), "rate_visit")
)

// Step G.
var (
	_ = under(why("ticket", "The VT cannot be opened: it is not this gateway's, or was altered.", "VT 无法打开：不是本网关签发的，或被改动。",
		"The visitor goes back to the partner's app and opens the page again.", "访客返回合作方 App 重新进入即可。"), "ticket")
	_ = under(why("vt_expired", "The VT's time was over, and the page had not renewed it.", "VT 已过期，页面没有及时续期。",
		"The page must use the SDK, which renews by itself while it is in front.", "页面应使用 SDK，在前台时会自动续期。"), "vt_expired")
	_ = under(why("denied_by_rule", "A rule of a live scope forbids this call.", "有效数据范围中的一条规则禁止此调用。",
		"The rule stands beside the call. It was made on purpose; changing it needs a review.", "规则列在调用旁。该规则是有意设置的，修改需要审批。"), "denied_by_rule")
	_ = under(why("not_in_visit", "The application may do this, but this visit's AT did not ask for the scope.", "该应用有此权限，但本次访问的 AT 没有申请这一数据范围。",
		"The partner must ask for the scope at step B.", "合作方应在 B 步申请该数据范围。"), "not_in_visit")
	_ = under(why("binding", "The call named somebody other than the visit's own user or customer.", "调用指定的对象不是本次访问的用户或客户。",
		"The page must take the id out of the visit. Many of these in a row are somebody who tries other people's ids.", "页面应使用访问自身的标识。连续出现多次，可能是有人在试探他人的标识。"), "binding")
	_ = under(why("customer", "The call needs a customer who is signed in, and nobody was.", "该调用要求客户已登录，但当时没有登录。",
		"The page must lead the visitor through the bank's sign-in first.", "页面应先引导访客完成银行登录。"), "customer", "bound_customer")
	_ = under(why("consent_scope", "The consent is for a scope that is not the visit's.", "同意书所属的数据范围不在本次访问之内。",
		"The page must take the list of consents from this very visit.", "页面应使用本次访问的同意书列表。"), "consent_scope")
	_ = under(why("no_consent", "Nothing of the reply may leave before the customer has agreed.", "客户同意之前，答复内容不得传出。",
		"The page must show the text and ask; then the call may be made again.", "页面应展示文本并取得同意，然后重新调用。"), "no_consent")
	_ = under(why("service_limit", "The call was over the service's size limit.", "调用内容超过该服务的大小上限。",
		"The page must send less at once, or the service's limit must be raised.", "页面应减少单次发送的内容，或调高该服务的上限。"), "service_limit")
	_ = under(why("no_upstream", "The service has no upstream in this environment.", "该服务在此环境中没有上游。",
		"Set up the service's upstream.", "为该服务配置上游。"), "no_upstream", "no_sample", "configuration", "request")
	_ = with(why("connect", "The bank's own system could not be reached.", "无法连接行内系统。",
		"Ask whoever runs the upstream whether it was up; nothing was done there.", "请上游系统的负责人确认其是否在运行；上游未执行任何操作。"), "upstream_unavailable", "unavailable")
	_ = under(why("reply", "The bank's own system answered with something that may not leave.", "行内系统的答复不能传出。",
		"The reply is no JSON, of a type that the route does not list, or too long. Compare it with the route.", "答复不是 JSON、类型未在路由中列出，或过长。请与路由对照。"),
		"media_type", "reply_not_json", "reply")
)

// The gateway's own state.
var (
	_ = under(why("ledger", "The ledger could not put this on record, so it was not done.", "账本当时无法记录，因此没有执行。",
		"Look at the node's disk and database. The visitor may try again.", "请检查节点的磁盘和数据库。访客可以重试。"),
		"ledger", "ledger_queue", "ledger_queue_full", "ledger_unavailable")
	_ = under(why("clock_behind", "The node's clock was behind its own ledger, so it decided nothing.", "节点时钟落后于账本，因此不作任何判定。",
		"Set the node's clock; it goes on by itself.", "校准节点时钟后自动恢复。"), "clock_behind")
	_ = under(why("feed_stale", "The node had not heard from the database for some seconds, so it decided nothing.", "节点数秒内未收到数据库的变更，因此不作任何判定。",
		"Look at the way to the database; it goes on by itself.", "请检查与数据库的连接；恢复后自动继续。"), "feed_stale")
	_ = under(why("keys", "The node had no key for this.", "节点没有所需的密钥。",
		"See in the list of keys whether one is there and in use.", "在密钥列表中查看是否有在用的密钥。"),
		"keys", "no_ticket_key", "no_ak_key", "no_sig_key", "no_subject_key")
	_ = under(why("internal", "Something went wrong inside the gateway; nothing was done.", "网关内部出错，未做任何操作。",
		"The node's log says more under the request id.", "节点日志中有该请求编号的详细信息。"),
		"internal", "consents", "policy", "disclosure_plan", "replay_window", "trace")
)
