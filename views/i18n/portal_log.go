package i18n

// What is on record of a partner's own, in its portal.
var (
	OwnLog        = def("own.log", "Log and usage", "日志与用量")
	OwnLogLead    = def("own.log_lead", "What your applications asked the gateway for, and what it decided. A refusal says why, and what to change.", "应用向网关发出的请求和判定结果。被拒绝的请求附有原因和修改办法。")
	OwnEvents     = def("own.events", "Events", "事件")
	OwnCalls      = def("own.calls", "Calls", "调用")
	OwnCallsLead  = def("own.calls_lead", "Business calls of the bank's pages in your visits: each with its request id, answer and time. What was asked and answered is never kept.", "银行页面在访问中发起的业务调用，含请求编号、状态和用时。不保存请求和答复内容。")
	OwnRoute      = def("own.route", "Call", "调用")
	OwnStatus     = def("own.status", "Answer", "答复")
	OwnTook       = def("own.took", "Took", "用时")
	OwnExportLead = def("own.export_lead", "Newest first, with your filters. No user ids and nothing of what was asked or answered are in it.", "按当前筛选导出，从新到旧。不含用户标识，也不含请求和答复内容。")
	OwnExportText = def("own.export_text", "At most %s rows. That you took them along stands in the bank's ledger.", "最多 %s 行。导出会记入银行账本。")
	OwnExportMany = def("own.export_many", "These are more than %s rows: narrow the filters.", "超过 %s 行，请缩小筛选范围。")
	OwnLines      = def("own.lines", "JSON lines", "JSON Lines")
	OwnSearch     = def("own.search", "Request, visit or AT (jti)", "请求、访问或 AT（jti）编号")
	OwnCallSearch = def("own.call_search", "Request id", "请求编号")
	OwnVisit      = def("own.visit", "Visit", "访问")
)
