package i18n

// What an alert's message says. Arguments are texts.
var (
	AlertSubject  = def("alert.subject", "Postern: %s", "Postern 告警：%s")
	AlertHead     = def("alert.head", "[%[1]s] %[2]s (%[3]s)", "【%[1]s】%[2]s（%[3]s）")
	AlertAbout    = def("alert.about", "About: %s", "对象：%s")
	AlertSince    = def("alert.since", "Since: %[1]s, last seen %[2]s", "开始于：%[1]s，最近一次：%[2]s")
	AlertEnded    = def("alert.ended", "From %[1]s to %[2]s", "持续时间：%[1]s 至 %[2]s")
	AlertDo       = def("alert.do", "What to do: %s", "处理办法：%s")
	AlertMore     = def("alert.more", "More: docs/alerts.md, section %s", "详见：docs/alerts.md 的 %s 一节")
	AlertAck      = def("alert.ack", "Acknowledge: postern alerts ack %s --by NAME --note TEXT", "确认：postern alerts ack %s --by 姓名 --note 说明")
	AlertsTold    = defCount("alert.several", "%d alert", "%d alerts", "%d 条告警")
	AlertsFurther = def("alert.further", "And %d more: postern alerts list", "另有 %d 条，请执行 postern alerts list 查看")
	AlertTest     = def("alert.test", "This is a test of Postern's alerts. Nothing has happened.", "这是 Postern 告警的测试消息，没有发生任何异常。")
	AlertNamed    = def("alert.named", "%[1]s %[2]s (%[3]s)", "%[1]s %[2]s（%[3]s）")

	AlertWarning  = def("alert.warning", "warning", "警告")
	AlertCritical = def("alert.critical", "critical", "严重")
	AlertRaised   = def("alert.raised", "new", "新告警")
	AlertWorse    = def("alert.worse", "now critical", "已升级为严重")
	AlertReminder = def("alert.reminder", "still not acknowledged", "尚未确认")
	AlertResolved = def("alert.resolved", "over", "已恢复")

	AlertOfApplication = def("alert.of.application", "application", "应用")
	AlertOfStrangers   = def("alert.of.strangers", "callers who proved to be no application", "未通过身份验证的调用方")
	AlertOfUpstream    = def("alert.of.upstream", "upstream", "后端系统")
	AlertOfCertificate = def("alert.of.certificate", "certificate", "证书")
	AlertOfCredential  = def("alert.of.credential", "credential", "应用凭据")
	AlertOfNode        = def("alert.of.node", "node", "节点")
	AlertOfFeed        = def("alert.of.feed", "feed", "数据流")
	AlertOfEvidence    = def("alert.of.evidence", "evidence", "存证")
)

// The rules: what each is called, what it has seen, and what to do.
var (
	AlertRefusals     = def("alert.refusals", "Many refusals", "拒绝过多")
	AlertRefusalsWhat = def("alert.refusals.what", "%[1]s of %[2]s answers in the last %[3]s hours of the clock were refusals, %[4]s %%. The limit is %[5]s and %[6]s %%.",
		"最近 %[3]s 个整点小时内，%[2]s 次答复中有 %[1]s 次是拒绝，占 %[4]s%%。阈值为 %[5]s 次且 %[6]s%%。")
	AlertRefusalsDo = def("alert.refusals.do", "See which refusals they are. One that began suddenly is a faulty release of the partner's, or somebody who tries.",
		"查看是哪一类拒绝。突然开始的拒绝，通常是合作方发布有误，或者有人在试探。")

	AlertUnredeemed     = def("alert.unredeemed", "ATs that nobody used", "AT 签发后未使用")
	AlertUnredeemedWhat = def("alert.unredeemed.what", "%[1]s of %[2]s ATs that ended in the last %[3]s were never used, %[4]s %%. The limit is %[5]s and %[6]s %%.",
		"最近 %[3]s 内到期的 %[2]s 个 AT 中，有 %[1]s 个从未使用，占 %[4]s%%。阈值为 %[5]s 个且 %[6]s%%。")
	AlertUnredeemedDo = def("alert.unredeemed.do", "Open the page from the partner's app. If it opens, ask the partner why it collects ATs; suspend the application if nobody knows.",
		"从合作方 App 打开一次页面。若能打开，询问合作方为何大量领取 AT；无人知情时暂停该应用。")

	AlertNewAddress     = def("alert.new_address", "AT for a new address", "AT 发往新地址")
	AlertNewAddressWhat = def("alert.new_address.what", "Addresses from which this application never asked before, and to which ATs were issued in the last %[2]s: %[1]s, the newest being %[3]s.",
		"最近 %[2]s 内，有 %[1]s 个此前从未出现过的地址以该应用的身份领取了 AT，最新的是 %[3]s。")
	AlertNewAddressDo = def("alert.new_address.do", "Ask the partner whether the address is its own. If it is not, its credential is stolen: revoke it.",
		"向合作方核实该地址是否属于它。若不属于，说明凭据已泄露，应立即吊销。")

	AlertSpentTwice     = def("alert.spent_twice", "An AT came twice", "AT 被二次使用")
	AlertSpentTwiceWhat = def("alert.spent_twice.what", "ATs that came a second time, from another page, in the last %[2]s: %[1]s; the limit is %[3]s. The visits of whoever came first were ended.",
		"最近 %[2]s 内，有 %[1]s 个 AT 被另一个页面再次提交，最先使用者的访问已被终止。阈值为 %[3]s 个。")
	AlertSpentTwiceDo = def("alert.spent_twice.do", "Treat it as theft: find the visits, what they read, and how the link got out of the partner's app.",
		"按被盗处理：找出这些访问读取了哪些数据，并查明链接如何从合作方 App 中泄露。")

	AlertUpstreamDown     = def("alert.upstream_down", "An upstream is down", "后端系统不可用")
	AlertUpstreamDownWhat = def("alert.upstream_down.what", "Its circuit on node %[1]s has been open since %[2]s: its calls are refused.",
		"自 %[2]s 起，节点 %[1]s 上该系统的熔断器处于断开状态，对它的调用均被拒绝。")
	AlertUpstreamDownDo = def("alert.upstream_down.do", "See whether the system is up and can be reached from the node. The first call that succeeds closes the circuit.",
		"检查该系统是否运行、节点能否连通。第一次成功的调用会使熔断器闭合。")

	AlertCertificate     = def("alert.certificate", "A certificate ends", "证书即将到期")
	AlertCertificateWhat = def("alert.certificate.what", "The listener's certificate ends on %[1]s (UTC); whole days left: %[2]s. The limit is %[3]s days.",
		"监听端口的证书将于 %[1]s（UTC）到期，剩余整天数：%[2]s。阈值为 %[3]s 天。")
	AlertCertificateDo = def("alert.certificate.do", "Replace the two files. A running gateway takes them up by itself.",
		"替换证书和私钥两个文件，运行中的网关会自动加载。")

	AlertCredential     = def("alert.credential", "A credential ends", "应用凭据即将到期")
	AlertCredentialWhat = def("alert.credential.what", "The credential (%[1]s) of application %[2]s ends on %[3]s (UTC), and there is none to follow; whole days left: %[4]s. The limit is %[5]s days.",
		"应用 %[2]s 的凭据（%[1]s）将于 %[3]s（UTC）到期，且没有后续凭据，剩余整天数：%[4]s。阈值为 %[5]s 天。")
	AlertCredentialDo = def("alert.credential.do", "Have the partner send its next key, and register it beside the old one.",
		"请合作方提供新的密钥，并与旧密钥同时登记。")

	AlertQueue     = def("alert.queue", "The ledger falls behind", "账本写入积压")
	AlertQueueWhat = def("alert.queue.what", "%[1]s of %[2]s places before the ledger are taken, %[3]s %%; the limit is %[4]s %%. Records that it did not take since the last look: %[5]s.",
		"账本队列已占用 %[2]s 个位置中的 %[1]s 个，即 %[3]s%%，阈值为 %[4]s%%。自上次检查以来未能写入的记录数：%[5]s。")
	AlertQueueDo = def("alert.queue.do", "Look at the database's disk and load. When the queue is full nothing is issued.",
		"检查数据库的磁盘和负载。队列写满后将停止签发。")

	AlertDisk     = def("alert.disk", "Little room on the disk", "磁盘空间不足")
	AlertDiskWhat = def("alert.disk.what", "%[1]s MiB are free beside the database; the limit is %[2]s MiB.",
		"数据库所在磁盘剩余 %[1]s MiB，阈值为 %[2]s MiB。")
	AlertDiskDo = def("alert.disk.do", "Make room. On a full disk nothing is issued.", "清理空间。磁盘写满后将停止签发。")

	AlertFeedBehind     = def("alert.feed_behind", "A feed is behind", "数据流滞后")
	AlertFeedBehindWhat = def("alert.feed_behind.what", "It is %[1]s behind; the limit is %[2]s.", "已滞后 %[1]s，阈值为 %[2]s。")
	AlertFeedBehindDo   = def("alert.feed_behind.do", "See whether who takes the feed, and the database, can be reached.", "检查接收方和数据库是否可以连通。")

	AlertEvidence     = def("alert.evidence_differs", "The ledger is not what was vouched for", "账本与存证不符")
	AlertEvidenceWhat = def("alert.evidence_differs.what", "First event that is wrong: %[1]s. Found: %[2]s.", "首个异常事件：%[1]s。发现：%[2]s。")
	AlertEvidenceDo   = def("alert.evidence_differs.do",
		"Keep the database as it is and have the auditors verify it (postern evidence verify). A node whose anchor differs decides nothing until both agree.",
		"请保持数据库现状，由审计人员核验（postern evidence verify）。锚点不符的节点在二者一致之前不作任何放行。")

	AlertLate     = def("alert.evidence_late", "Events are not vouched for", "事件尚未存证")
	AlertLateWhat = def("alert.evidence_late.what", "The oldest has waited for %[1]s; the limit is %[2]s.", "最早的事件已等待 %[1]s，阈值为 %[2]s。")
	AlertLateDo   = def("alert.evidence_late.do", "See postern jobs list for the runs of evidence and anchor, and whether the anchor's disk can be written.",
		"用 postern jobs list 查看 evidence 与 anchor 两项任务，并检查锚点文件所在磁盘能否写入。")
)
