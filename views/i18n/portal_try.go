package i18n

// The portal's words for trying a visit, and for bad weather over a sandbox.
var (
	PortalTry           = def("portal.try", "Try it", "试运行")
	PortalTryLead       = def("portal.try_lead", "The portal plays your back end and your page, with your own sandbox application", "门户代替你的后端和银行页面，使用你自己的沙箱应用")
	PortalTryOver       = def("portal.try_over", "Start over", "重新开始")
	PortalTryVisit      = def("portal.try_visit", "One visit", "一次访问")
	PortalTryEnds       = def("portal.try_ends", "The keys that the portal made for this end at %s. They never leave the gateway.", "本次试运行的密钥由门户生成，不离开网关，%s 失效。")
	PortalTryNone       = def("portal.try_none", "For this the portal registers two credentials of its own, “try-it-…”, which end after an hour at most.", "门户会为此登记两个“try-it-…”临时凭证，最长一小时后失效。")
	PortalTryNext       = def("portal.try_next", "Next: %s", "下一步：%s")
	PortalTryAgain      = def("portal.try_again", "Call again", "再次调用")
	PortalTryDone       = def("portal.try_done", "done", "完成")
	PortalTryReady      = def("portal.try_ready", "ready", "待执行")
	PortalTryLater      = def("portal.try_later", "later", "未到")
	PortalTryB          = def("portal.try_b", "Ask for an AT", "申请 AT")
	PortalTryC          = def("portal.try_c", "Open the page", "打开页面")
	PortalTryD          = def("portal.try_d", "Exchange AT for VT", "用 AT 换 VT")
	PortalTryE          = def("portal.try_e", "Open the VT", "解开 VT")
	PortalTryG          = def("portal.try_g", "Call the bank", "调用银行接口")
	PortalTryRenew      = def("portal.try_renew", "Renew the VT", "续期 VT")
	PortalTryClose      = def("portal.try_close", "Close the visit", "结束访问")
	PortalTryUnderR     = def("portal.try_under_r", "decrypt under R", "用 R 解密")
	PortalTryBTitle     = def("portal.try_b_title", "Your back end asks for an AT", "你的后端申请 AT")
	PortalTryCTitle     = def("portal.try_c_title", "Your app opens the page", "你的 App 打开页面")
	PortalTryDTitle     = def("portal.try_d_title", "The page exchanges AT for VT", "页面用 AT 换取 VT")
	PortalTryETitle     = def("portal.try_e_title", "The page opens the VT", "页面解开 VT")
	PortalTryGTitle     = def("portal.try_g_title", "The page calls the bank", "页面调用银行接口")
	PortalTryRenewTitle = def("portal.try_renew_title", "The page renews the VT", "页面续期 VT")
	PortalTryCloseTitle = def("portal.try_close_title", "The page closes the visit", "页面结束访问")
	PortalTryRequest    = def("portal.try_request", "Request", "请求")
	PortalTryReply      = def("portal.try_reply", "Reply", "应答")
	PortalTrySealed     = def("portal.try_sealed", "Sealed, as it travels", "密文（传输中）")
	PortalTryOpened     = def("portal.try_opened", "Opened, as only the two ends see it", "明文（仅两端可见）")
	PortalTryClear      = def("portal.try_clear", "In the clear: there was no key to seal it under.", "未加密：此时没有可用的密钥。")
	PortalTrySize       = def("portal.try_size", "%d bytes", "%d 字节")
	PortalTryMillis     = def("portal.try_millis", "%d ms", "%d 毫秒")
	PortalTryForm       = def("portal.try_form", "The form, as it is sent over TLS", "表单（经 TLS 传输）")
	PortalTryAssertion  = def("portal.try_assertion", "The client assertion in it", "其中的客户端断言")
	PortalTryATInside   = def("portal.try_at_inside", "The AT in it, with AK", "其中的 AT（含 AK）")
	PortalTryAddress    = def("portal.try_address", "The address, its fragment never sent to a server", "地址，片段部分不会发往服务器")
	PortalTryHTTP       = def("portal.try_http", "HTTP headers", "HTTP 头部")
	PortalTryHeader     = def("portal.try_header", "Header", "头部")
	PortalTryDerived    = def("portal.try_derived", "Keys that both ends derive from R", "两端由 R 派生的密钥")
	PortalTryDirect     = def("portal.try_direct", "Sealed with dir under a key that both ends have: no key is wrapped, so the second part is empty.", "以 dir 方式使用两端共有的密钥加密，无需封装密钥，因此第二段为空。")
	PortalTryVerified   = def("portal.try_verified", "The page takes the AT out of its address, clears the address and verifies the AT: signature, issuer, service and suite.", "页面取出地址中的 AT，清除地址，并验证 AT 的签名、签发方、服务和密码套件。")
	PortalTryXRay       = def("portal.try_xray", "X-ray of this visit", "访问透视")
	PortalTryService    = def("portal.try_service", "Service", "服务")
	PortalTryScopes     = def("portal.try_scopes", "Scopes", "数据范围")
	PortalTryScopesHelp = def("portal.try_scopes_help", "None ticked asks for all that is granted.", "不勾选则申请全部已授权的数据范围。")
	PortalTrySubject    = def("portal.try_subject", "subject: your own id of the user", "subject：你方的用户标识")
	PortalTryRoute      = def("portal.try_route", "Route", "路由")
	PortalTryPath       = def("portal.try_path", "Path", "路径")
	PortalTryPathHelp   = def("portal.try_path_help", "Empty takes the route's. Where that has a part in braces, write a value in its place.", "留空则使用路由路径；路径中花括号部分须填入具体值。")
	PortalTryPathFill   = def("portal.try_path_fill", "Write the path with a value in place of %s.", "请填写路径，将 %s 换成具体值。")
	PortalTryQuery      = def("portal.try_query", "Query", "查询参数")
	PortalTryQueryHelp  = def("portal.try_query_help", "As currency=CNY. Names that the route does not list are refused.", "如 currency=CNY。路由未列出的参数会被拒绝。")
	PortalTryBody       = def("portal.try_body", "Body, JSON", "请求体（JSON）")
	PortalTryBodyFault  = def("portal.try_body_fault", "Write one JSON value of at most 16 KiB, or nothing.", "请填写一个 JSON 值，不超过 16 KiB，或留空。")
	PortalTryMissing    = def("portal.try_missing", "Nothing is granted to this application yet.", "该应用尚未获得任何数据范围授权。")
	PortalTryAskScopes  = def("portal.try_ask_scopes", "Take one from the catalogue first.", "请先在目录中选用。")
	PortalTrySuite      = def("portal.try_suite", "This gateway cannot issue ATs in the GM suite yet, so there is nothing to try.", "本网关暂不签发国密套件的 AT，无法试运行。")
	PortalTryNoApp      = def("portal.try_no_app", "There is nothing to try it with: make an application in the sandbox first.", "尚无可用的沙箱应用，请先新建。")
	PortalTryStopped    = def("portal.try_stopped", "The application is not active, so the gateway refuses it.", "应用未启用，网关会拒绝其请求。")
	PortalTryWhich      = def("portal.try_which", "With which application?", "使用哪个应用？")
	PortalTryRefused    = def("portal.try_refused", "Refused with %s.", "被拒绝：%s。")
	PortalNoStep        = def("portal.no_step", "This step cannot be taken now. Go back to the page: it shows where the visit stands.", "当前无法执行该步骤，请返回页面查看进度。")

	PortalWeather       = def("portal.weather", "Bad weather", "故障演练")
	PortalWeatherOn     = defCount("portal.weather_on", "%[1]d of %[2]d on", "%[1]d of %[2]d on", "已开启 %[1]d/%[2]d")
	PortalWeatherEnds   = def("portal.weather_ends", "Only your sandbox feels it: this page, and your own servers and pages. All of it is off again by %s.", "仅影响你的沙箱，包括本页以及你自己的服务器和页面。最迟 %s 全部关闭。")
	PortalWeatherNone   = def("portal.weather_none", "Only your sandbox feels it: this page, and your own servers and pages. What you switch on is off again after 30 minutes.", "仅影响你的沙箱，包括本页以及你自己的服务器和页面。开启后 30 分钟自动关闭。")
	PortalWeatherIsOn   = def("portal.weather_is_on", "%s is on.", "“%s”已开启。")
	PortalWeatherSecret = def("portal.weather_secret", "This application comes with a secret, which says nothing of a time: it does not feel it.", "该应用使用客户端密钥认证，不涉及时间，不受影响。")
)

// Weather is what a kind of bad weather is called, and what comes of it.
type WeatherWords struct{ Name, Effect Key }

// Weathers are the words of each kind, by its name.
var Weathers = map[string]WeatherWords{
	"expired_at":    weather("expired_at", "Expired AT", "AT 已过期", "Each exchange gets 401 invalid_at, sealed under R.", "每次换取 VT 会得到 401 invalid_at，用 R 加密。"),
	"clock_ahead":   weather("clock_ahead", "Clock 70 s ahead", "时钟快 70 秒", "Each request for an AT gets 401 invalid_client, as an assertion from the future does.", "每次申请 AT 会得到 401 invalid_client，等同断言时间超前。"),
	"retired_ak":    weather("retired_ak", "Retired AK", "AK 已停用", "Each exchange gets 400 bad_envelope in the clear: the gateway has no key to open it.", "每次换取 VT 会得到未加密的 400 bad_envelope：网关已没有可解密的密钥。"),
	"spent_at":      weather("spent_at", "AT already spent", "AT 已被使用", "Each exchange gets 409 at_spent, sealed under R.", "每次换取 VT 会得到 409 at_spent，用 R 加密。"),
	"rate_limit":    weather("rate_limit", "Too many requests (429)", "请求过多（429）", "Each request for an AT and each call get 429 with Retry-After: 5.", "每次申请 AT 和每次调用会得到 429，Retry-After 为 5。"),
	"slow_upstream": weather("slow_upstream", "Slow upstream, 8 s", "行内系统延迟 8 秒", "Each call is answered after 8 seconds, or gets 504 upstream_timeout where the service waits less.", "每次调用 8 秒后才有应答；若服务的等待时间更短，则得到 504 upstream_timeout。"),
	"upstream_down": weather("upstream_down", "Upstream down (502)", "行内系统不可用（502）", "Each call gets 502 upstream_unavailable, sealed. Whether a write was done nobody knows.", "每次调用会得到加密的 502 upstream_unavailable，写操作是否执行无从得知。"),
	"wrong_origin":  weather("wrong_origin", "Wrong origin", "页面来源不符", "Each exchange gets 403 origin_denied, sealed under R.", "每次换取 VT 会得到 403 origin_denied，用 R 加密。"),
}

func weather(id, name, nameZH, effect, effectZH string) WeatherWords {
	return WeatherWords{def("weather."+id, name, nameZH), def("weather."+id+"_effect", effect, effectZH)}
}
