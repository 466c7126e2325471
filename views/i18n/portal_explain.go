package i18n

// Explaining a failure to a partner.
var (
	ExplainTitle  = def("explain.title", "Explain a failure", "排查失败原因")
	ExplainLead   = def("explain.lead", "Paste what failed. The gateway reads it as it would have, says which layer it would refuse, and what to change.", "粘贴失败的内容。网关会按实际规则逐层检查，指出在哪一层被拒绝、应如何修改。")
	ExplainLabel  = def("explain.label", "A request id, an assertion, an AT or an envelope", "请求编号、断言、AT 或信封")
	ExplainHelp   = def("explain.help", "It is read in memory and neither kept nor shown again. Never paste private keys, client secrets or R: nobody needs them to help you.", "仅在内存中读取，不保存、不回显。请勿粘贴私钥、客户端密钥或随机数 R，排查不需要这些内容。")
	ExplainDo     = def("explain.do", "Explain it", "开始排查")
	ExplainEmpty  = def("explain.empty", "Paste something first.", "请先粘贴内容。")
	ExplainSecret = def("explain.secret", "This looks like a private key, a client secret or R. It was not read any further. Treat it as known to others: make a new one, and do not paste it anywhere.", "这看起来是私钥、客户端密钥或随机数 R，系统没有继续读取。请视为已泄露并立即更换，不要再粘贴到任何地方。")
	ExplainNoKind = def("explain.no_kind", "This is neither a request id nor an assertion (three parts with two dots), an AT or an envelope (five parts with four dots). %d dots are in it.", "既不是请求编号，也不是断言（三段、两个点）、AT 或信封（五段、四个点）。内容中有 %d 个点。")
	ExplainGood   = def("explain.good", "Nothing is wrong with it as far as can be seen.", "未发现问题。")
	ExplainBad    = def("explain.bad", "Refused at: %s.", "拒绝环节：%s。")
	ExplainAhead  = def("explain.ahead", "Your server's clock is %s ahead of the gateway's: set it by NTP.", "你的服务器时钟比网关快 %s，请用 NTP 校准。")
	ExplainBehind = def("explain.behind", "The assertion ended %s ago by the gateway's clock: make one for each request, and set your clock by NTP.", "按网关时钟，断言已过期 %s。请每次请求新建断言，并用 NTP 校准时钟。")

	ExplainDays      = defCount("explain.days", "%d day", "%d days", "%d 天")
	ExplainHours     = defCount("explain.hours", "%d hour", "%d hours", "%d 小时")
	ExplainEnvelope  = def("explain.envelope", "Envelope", "信封")
	ExplainAssertion = def("explain.assertion", "Assertion of %s", "断言：%s")
	ExplainNobodys   = def("explain.nobodys", "Assertion", "断言")
	ExplainAT        = def("explain.at", "AT", "AT")
	ExplainSealedAT  = def("explain.sealed_at", "Envelope around an AT", "AT 的信封")
	ExplainRequest   = def("explain.request", "Request %s", "请求 %s")
	ExplainNothing   = def("explain.nothing", "Nothing of yours is on record under this id. Requests by which nobody proved to be one of your applications are not yours: paste the assertion instead.", "你的记录中没有此编号。未能通过认证的请求不会归入你的记录，请改为粘贴断言。")
	ExplainWhatHelps = def("explain.what_helps", "What to change: %s", "处理办法：%s")
	ExplainSpentBy   = def("explain.spent_before", "This AT had been spent %s earlier.", "此 AT 在 %s 前已被使用。")
	ExplainLate      = def("explain.late", "The AT had ended %s earlier.", "此 AT 在 %s 前已过期。")
)

// ExplainLayers are what of an envelope or an AT is looked at.
var ExplainLayers = map[string]Key{
	"form": def("layer.form", "Form", "格式"), "header": def("layer.header", "Header", "头部"), "typ": def("layer.typ", "Kind (typ)", "类型（typ）"),
	"alg": def("layer.alg", "Algorithms (alg, enc)", "算法（alg、enc）"), "enc": def("layer.enc", "Encryption (enc)", "加密算法（enc）"), "kid": def("layer.kid", "Key (kid)", "密钥（kid）"),
	"world": def("layer.world", "World of the key", "所属环境"), "epk": def("layer.epk", "Ephemeral key (epk)", "临时公钥（epk）"), "opens": def("layer.opens", "Opens", "解密"),
	"at": def("layer.at", "AT inside (jti)", "其中的 AT（jti）"),
}

// ExplainReasons say what is wrong with a layer, and what to change. Those of a time get
// it first, and then how long ago it was.
var ExplainReasons = map[string]Key{
	"padding":  def("layer.padding", "It is base64 with padding (=): write base64url without it.", "使用了带填充（=）的 base64：应使用无填充的 base64url。"),
	"alphabet": def("layer.alphabet", "It is base64 of the other alphabet, or holds strange characters: base64url has - and _ where base64 has + and /.", "使用了普通 base64 字母表或含有其他字符：base64url 以 - 和 _ 代替 + 和 /。"),
	"space":    def("layer.space", "There are line breaks or spaces inside: send it as one line.", "内容中有换行或空格：应为一整行。"),
	"form":     def("layer.wrong_form", "A part has not the length that it must have: it was shortened or changed on its way.", "某一段长度不符：内容被截断或改动。"),
	"no_jws":   def("layer.no_jws", `The first part is no header: a signed JWT begins with JSON such as {"alg":"ES256","kid":"…"}, as base64url. Paste it whole, as your library made it.`, `第一段不是头部：已签名的 JWT 以 base64url 编码的 JSON 开头，例如 {"alg":"ES256","kid":"…"}。请粘贴库生成的完整内容。`),
	"size":     def("layer.size", "It is longer than any envelope may be.", "超过信封的长度上限。"),
	"header":   def("layer.wrong_header", "The header is not one JSON object with these members only, each once: typ, alg, enc, kid, cty and, for ECDH-ES, epk, apu, apv.", "头部应为单个 JSON 对象，只含 typ、alg、enc、kid、cty（ECDH-ES 另有 epk、apu、apv），且不重复。"),
	"typ":      def("layer.wrong_typ", "The gateway knows no envelope of this kind.", "网关没有此类型的信封。"),
	"alg":      def("layer.wrong_alg", "This is not the algorithm of the AK: take alg out of the AK inside the AT.", "算法与 AK 不符：请使用 AT 中 AK 的 alg。"),
	"enc":      def("layer.wrong_enc", "This is not the content encryption of the AK's suite: A256GCM, or SGD_SM4_GCM in the GM suite.", "内容加密算法与 AK 的套件不符：应为 A256GCM，国密套件为 SGD_SM4_GCM。"),
	"epk":      def("layer.wrong_epk", "The ephemeral key is no point of P-256, or has a private member.", "临时公钥不是 P-256 曲线上的点，或含有私钥成员。"),
	"kid":      def("layer.unknown_kid", "The gateway has, and had, no AK of this kid: take kid out of the AK inside the AT.", "网关没有此 kid 的 AK：请使用 AT 中 AK 的 kid。"),

	"ak_retired": def("layer.ak_retired", "This AK was retired on %[1]s, %[2]s ago: the page kept an old AK. Take it out of each new AT.", "此 AK 已于 %[1]s 停用（%[2]s 前）：页面保存了旧 AK，请每次从新的 AT 中取得。"),
	"under_r":    def("layer.under_r", "Only the page that drew R can open this. Paste the request id of the answer instead.", "只有生成 R 的页面才能解开。请改为粘贴答复中的请求编号。"),
	"not_yours":  def("layer.not_yours", "It does not open to an AT of yours: it was altered or shortened, sealed to something else, or never was one of yours.", "其中没有属于你的 AT：内容可能被改动或截断、封装给了其他密钥，或本就不属于你。"),

	"other_ak":   def("layer.other_ak", "The AT carries another AK than this kid names, perhaps of the other world: take the AK out of this very AT.", "AT 中的 AK 与此 kid 不一致，可能属于另一环境：请使用该 AT 中的 AK。"),
	"at_revoked": def("layer.at_revoked", "Your server revoked this AT on %[1]s, %[2]s ago: ask for a new one.", "此 AT 已由你的服务器于 %[1]s 吊销（%[2]s 前），请重新申请。"),
	"at_spent":   def("layer.at_spent", "This AT was spent on %[1]s, %[2]s ago: ask for a new one each time.", "此 AT 已于 %[1]s 使用（%[2]s 前），请每次重新申请。"),
	"spent_so":   def("layer.spent_so", "This very request was taken on %[1]s, %[2]s ago: it is answered again for a minute after the AT's end, and not later.", "此请求已于 %[1]s 受理（%[2]s 前）：AT 到期后一分钟内可重复获得答复，之后不再答复。"),
	"at_expired": def("layer.at_expired", "This AT ended on %[1]s, %[2]s ago: ask for it when the visitor taps, not before.", "此 AT 已于 %[1]s 过期（%[2]s 前）：请在用户点击时才申请。"),

	"no_such_key": def("layer.no_such_key", "None of your encryption keys has this kid.", "你的加密公钥中没有此 kid。"),
	"your_key":    def("layer.your_key", "It is sealed to this key of yours: only your private key opens it. Open it and paste the AT inside.", "它封装给了你的这把公钥，只有对应私钥能解开。请解开后粘贴其中的 AT。"),
	"nobodys":     def("layer.nobodys", "iss and sub name no application of yours, and kid none of your keys: use the client_id and the kid as the portal shows them.", "iss 和 sub 不是你的应用，kid 也不是你的密钥：请使用门户所示的 client_id 和 kid。"),
}
