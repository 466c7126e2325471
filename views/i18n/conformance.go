package i18n

// Words of conformance runs: the portal's, where they are played, and those of both houses,
// where their results are read.
var (
	Conformance        = def("conformance.title", "Conformance run", "一致性测试")
	Conformances       = def("conformance.titles", "Conformance runs", "一致性测试")
	ConformanceThis    = def("conformance.this", "The conformance run", "查看该次测试")
	ConformanceLead    = def("conformance.lead", "Plays the bad weather in turn and states eight things about your own servers and app.", "依次演练各种故障，记录你自己的服务器和 App 的八项表现。")
	ConformanceHow     = def("conformance.how", "How it goes", "如何进行")
	ConformanceHow1    = def("conformance.how_1", "Let one device open the page about every ten seconds, as a visitor would, with your own servers behind it. What is tried in the portal does not count.", "用一台设备按访客的方式约每十秒打开一次页面，由你自己的服务器提供支持。门户中的试运行不计入。")
	ConformanceHow2    = def("conformance.how_2", "Each kind of weather is on until it has been observed, for three minutes at most. Usually all eight take about three minutes.", "每种故障持续到观察到结果为止，最长三分钟。八项通常共需约三分钟。")
	ConformanceHow3    = def("conformance.how_3", "Weather that you raised before ends now, and none can be raised while the run is on.", "之前开启的故障演练会立即结束，测试期间不能另行开启。")
	ConformanceHow4    = def("conformance.how_4", "The gateway signs the result. The bank's reviewer reads it when you ask for production.", "结果由网关签名。你申请生产时，本行审核员会查看。")
	ConformanceBegin   = def("conformance.begin", "Begin the run", "开始测试")
	ConformanceAgain   = def("conformance.again", "Run again", "再次测试")
	ConformanceSkip    = def("conformance.skip", "Skip this one", "跳过此项")
	ConformanceStop    = def("conformance.stop", "Stop the run", "停止测试")
	ConformanceLook    = def("conformance.look", "Look again", "刷新")
	ConformanceNow     = def("conformance.now", "Now: %s", "当前：%s")
	ConformanceOpen    = def("conformance.open", "Open the page again and again, with the application's own servers.", "请用应用自己的服务器反复打开页面。")
	ConformanceStay    = def("conformance.stay", "Open the page and let it call the bank.", "请打开页面，并让页面调用银行接口。")
	ConformanceFelt    = def("conformance.felt", "Felt at %s. What comes after it is being watched.", "%s 已触发，正在观察后续请求。")
	ConformanceUnfelt  = def("conformance.unfelt", "Nothing has felt it yet.", "尚未触发。")
	ConformanceGoesOn  = def("conformance.goes_on", "The next one follows by itself, at %s at the latest.", "最迟 %s 自动进入下一项。")
	ConformanceStands  = def("conformance.stands", "The application is not active, so the gateway refuses it whatever the weather: nothing would be observed.", "应用未启用，网关始终拒绝其请求，无法观察。")
	ConformanceIsOn    = def("conformance.is_on", "A conformance run is on over this application: it makes the weather.", "该应用正在进行一致性测试，故障由测试控制。")
	ConformanceRaised  = def("conformance.raised", "A conformance run has raised this weather: %s.", "一致性测试已开启该故障：%s。")
	ConformanceOff     = def("conformance.off", "No run is on any more. Go back to the page: it shows the result.", "测试已结束，请返回页面查看结果。")
	ConformanceNoStage = def("conformance.no_stage", "The run is not at this weather, so it cannot be skipped. The page shows which is on.", "测试当前不在该项故障，无法跳过。页面会显示当前项。")
	ConformanceOn      = def("conformance.on", "A run is on already.", "已有测试正在进行。")
	ConformanceAll     = def("conformance.all", "Earlier runs", "以往测试")
	ConformanceNone    = def("conformance.none", "No run has ended yet", "尚无已结束的测试")
	ConformanceNoneTx  = def("conformance.none_text", "Partners run it over an application in their sandbox, in the portal.", "合作方在门户中对其沙箱应用进行测试。")

	ConformanceWeather = def("conformance.weather", "Weather", "故障")
	ConformanceSeen    = def("conformance.seen", "What was seen", "观察结果")
	ConformanceVerdict = def("conformance.verdict", "Verdict", "结论")
	ConformanceRequest = def("conformance.request", "Request", "请求")
	ConformanceMet     = defCount("conformance.met", "%d of %d as it should be", "%d of %d as they should be", "%d/%d 项符合")
	ConformanceOnNow   = def("conformance.on_now", "on now", "进行中")
	ConformanceLater   = def("conformance.later", "later", "待进行")

	ConformanceResult   = def("conformance.result", "Result", "结果")
	ConformanceID       = def("conformance.id", "Run", "测试编号")
	ConformanceBy       = def("conformance.by", "Run by", "测试人")
	ConformanceBegan    = def("conformance.began", "Began", "开始")
	ConformanceEnded    = def("conformance.ended", "Ended", "结束")
	ConformanceHowEnded = def("conformance.how_ended", "End", "结束方式")
	ConformanceSigned   = def("conformance.signed", "Signature", "签名")
	ConformanceHolds    = def("conformance.holds", "holds", "有效")
	ConformanceBroken   = def("conformance.broken", "does not hold", "无效")
	ConformanceDoubt    = def("conformance.doubt", "The signature of this result does not hold.", "该结果的签名无效。")
	ConformanceDoubtTx  = def("conformance.doubt_text", "What is shown was not what the gateway signed. Rely on none of it, and have the run repeated.", "所示内容与网关签名不符，不可采信，应重新测试。")
	ConformanceVerify   = def("conformance.verify", "A JWS of typ conformance+jwt, by a key of the gateway's JWKS.", "typ 为 conformance+jwt 的 JWS，由网关 JWKS 中的密钥签名。")
	ConformanceGet      = def("conformance.get", "Download the signed result", "下载签名结果")
)

// ConformanceEnds are how a run came to its end, by the ledger's words.
var ConformanceEnds = map[string]Key{
	"finished": def("conformance.end.finished", "came to its last weather", "已进行至最后一项"),
	"stopped":  def("conformance.end.stopped", "stopped before its end", "提前停止"),
	"closed":   def("conformance.end.closed", "ended with its application", "随应用关闭而结束"),
}

// ConformanceVerdicts are the words of verdicts.
var ConformanceVerdicts = map[string]Key{
	"pass":        def("conformance.is.pass", "as it should be", "符合"),
	"fail":        def("conformance.is.fail", "not as it should be", "不符合"),
	"not_seen":    def("conformance.is.not_seen", "not seen", "未观察到"),
	"skipped":     def("conformance.is.skipped", "not played", "未演练"),
	"not_applied": def("conformance.is.not_applied", "does not apply", "不适用"),
}

// ConformanceRules say what should come of a kind of weather.
var ConformanceRules = map[string]Key{
	"expired_at":    conformanceNewAT,
	"retired_ak":    conformanceNewAT,
	"spent_at":      conformanceNewAT,
	"clock_ahead":   def("conformance.rule.clock", "The next request has another assertion, and there are not many at once.", "下一次请求换用新的断言，且不密集重试。"),
	"rate_limit":    def("conformance.rule.rate", "The next request comes when Retry-After says so, and not before.", "按 Retry-After 等待后再请求，不提前。"),
	"slow_upstream": conformanceCalm,
	"upstream_down": conformanceCalm,
	"wrong_origin":  def("conformance.rule.origin", "ATs are not asked for one after another: a new one does not cure it.", "不连续申请 AT：新的 AT 解决不了该问题。"),
}

var (
	conformanceNewAT = def("conformance.rule.new_at", "A new AT is asked for, and the refused one is not presented again.", "申请新的 AT，不再使用被拒绝的 AT。")
	conformanceCalm  = def("conformance.rule.calm", "The visit is kept: ATs are not asked for one after another.", "保持当前访问，不连续申请 AT。")
)

// ConformanceFindings say what was seen. Those of conformanceCounts are about a number, those
// of conformanceTimes about a time.
var ConformanceFindings = map[string]Key{
	"new_assertion":  def("conformance.saw.new_assertion", "The next request came after %s, with another assertion.", "%s 后再次请求，断言已更换。"),
	"waited":         def("conformance.saw.waited", "The next request came after %s.", "%s 后再次请求。"),
	"new_at":         def("conformance.saw.new_at", "A new AT was asked for after %s.", "%s 后申请了新的 AT。"),
	"calm":           defCount("conformance.saw.calm", "%d AT was asked for in the ten seconds after it.", "%d ATs were asked for in the ten seconds after it.", "其后十秒内申请了 %d 次 AT。"),
	"same_assertion": def("conformance.saw.same_assertion", "The refused assertion came again.", "被拒绝的断言再次出现。"),
	"too_early":      def("conformance.saw.too_early", "The next request came after %s. Retry-After said 5 seconds.", "%s 后即再次请求，而 Retry-After 为 5 秒。"),
	"same_at":        def("conformance.saw.same_at", "The refused AT was presented again after %s.", "%s 后再次使用了被拒绝的 AT。"),
	"hammered":       defCount("conformance.saw.hammered", "%d AT was asked for within ten seconds.", "%d ATs were asked for within ten seconds.", "十秒内申请了 %d 次 AT。"),
	"nothing":        def("conformance.saw.nothing", "Nothing felt it.", "未触发。"),
	"once":           def("conformance.saw.once", "It was felt, and nothing came after it.", "已触发，但其后没有请求。"),
	"unfinished":     def("conformance.saw.unfinished", "It was skipped, or the run ended first.", "已跳过，或测试先行结束。"),
	"secret":         def("conformance.saw.secret", "The application comes with a secret, which says nothing of a time.", "该应用使用客户端密钥认证，不涉及时间。"),
}

// WeatherCures say what a partner's own servers and app do in each kind of weather: what a run
// looks for.
var WeatherCures = map[string]Key{
	"expired_at":    ConformanceCures["same_at"],
	"retired_ak":    ConformanceCures["same_at"],
	"spent_at":      ConformanceCures["same_at"],
	"clock_ahead":   ConformanceCures["same_assertion"],
	"rate_limit":    ConformanceCures["too_early"],
	"slow_upstream": ConformanceCures["hammered"],
	"upstream_down": ConformanceCures["hammered"],
	"wrong_origin":  ConformanceCures["hammered"],
}

// ConformanceCures say what to change, by what was found.
var ConformanceCures = map[string]Key{
	"same_assertion": def("conformance.do.same_assertion", "Sign a new assertion for each request, and take the time from server_time where your clock is wrong.", "每次请求签发新的断言；时钟不准时以 server_time 为准。"),
	"too_early":      def("conformance.do.too_early", "Keep the whole application from asking until Retry-After is over.", "在 Retry-After 到期前，整个应用都不要再请求。"),
	"same_at":        def("conformance.do.same_at", "Forget h5_url once the page was opened, and open it with a new AT.", "打开页面后不要保留 h5_url，应使用新的 AT 打开。"),
	"hammered":       def("conformance.do.hammered", "Ask once more at most, then tell the visitor and wait longer each time.", "最多再请求一次，随后提示访客并逐次延长等待时间。"),
	"nothing":        def("conformance.do.nothing", "Run it again, and open the page while this weather is on.", "请重新测试，并在该故障开启期间打开页面。"),
	"once":           def("conformance.do.once", "Run it again, and go on opening the page.", "请重新测试，并持续打开页面。"),
}
