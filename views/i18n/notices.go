package i18n

import "strings"

// What the bank's staff is told of requests, by mail and in groups, and partners' users
// of their own.
var (
	NoticeTitle     = def("notice.title", "Postern: %s", "Postern：%s")
	NoticeAsked     = def("notice.asked", "Request %v waits for a decision", "变更申请 %v 待复核")
	NoticeApproved  = def("notice.approved", "Request %v was approved and has taken effect", "变更申请 %v 已批准并生效")
	NoticeSentBack  = def("notice.sent_back", "Request %v was sent back", "变更申请 %v 已退回")
	NoticeRejected  = def("notice.rejected", "Request %v was rejected", "变更申请 %v 已否决")
	NoticeOutdated  = def("notice.outdated", "Request %v is outdated: it must be asked for anew", "变更申请 %v 已过时，须重新提交")
	NoticeExpired   = def("notice.expired", "Request %v is over: nobody decided it in time", "变更申请 %v 已过期，无人在期限内复核")
	NoticeExpiring  = def("notice.expiring", "Request %v ends soon: nobody has decided it yet", "变更申请 %v 即将过期，尚未复核")
	NoticesTold     = defCount("notice.several", "%d piece of news of requests", "%d pieces of news of requests", "申请有 %d 条消息")
	NoticesFurther  = def("notice.further", "And %[1]d more: %[2]s", "另有 %[1]d 条：%[2]s")
	NoticeWhat      = def("notice.what", "What: %[2]s (%[1]s)", "内容：%[2]s（%[1]s）")
	NoticeMaker     = def("notice.maker", "Asked by: %[1]s, %[2]s", "经办人：%[1]s，%[2]s")
	NoticeUntil     = def("notice.until", "Open until: %s", "截止时间：%s")
	NoticeRecovered = def("notice.recovered", "A new set-up link was made on the command line for the account %s",
		"命令行为账号 %s 发放了新的设置链接")
	NoticeRecoveredText = def("notice.recovered_text",
		"Whoever has the link can take the account over. If you know nothing of it, disable the account and tell the security administrator.",
		"持有该链接的人可以接管此账号。如果你不知情，停用该账号并告知安全管理员。")

	NoticePartnerAsked   = def("notice.partner_asked", "Partner's request %v waits for an officer", "合作方申请 %v 待受理")
	NoticePartnerReplied = def("notice.partner_replied", "Partner's request %v has a reply and waits for an officer", "合作方申请 %v 有新答复，待处理")
	NoticeYoursQuestion  = def("notice.yours_question", "Request %v: the bank has a question for you", "申请 %v：银行有问题待你答复")
	NoticeYoursPrepared  = def("notice.yours_prepared", "Request %v: the bank has prepared the change, and a second person there decides", "申请 %v：银行已准备变更，待第二人审批")
	NoticeYoursDeclined  = def("notice.yours_declined", "Request %v was declined: the bank's reason stands beside it", "申请 %v 未获批准，原因见申请页")
	NoticeYoursApproved  = def("notice.yours_approved", "Request %v was approved and has taken effect", "申请 %v 已批准并生效")
	NoticePartnerDecided = def("notice.partner_decided", "Partner's change %v has taken effect: it changed a credential in production by itself", "合作方变更 %v 已生效：合作方自行变更了生产凭证")
	NoticeYoursConfirm   = def("notice.yours_confirm", "Request %v waits for you: a second member of your team confirms it", "申请 %v 待你确认：须由团队另一名成员确认")
	NoticeEnding         = def("notice.ending", "A credential of %[1]s ends at %[2]s", "%[1]s 的凭证将于 %[2]s 到期")
	NoticeEndingKey      = def("notice.ending_key", "Credential: %s", "凭证：%s")
	NoticeEndingDo       = def("notice.ending_do", "Register one that follows it, and change all servers before. The application's page says which still use it.", "请登记后继凭证，并在到期前更换所有服务器。应用页面显示仍在使用它的服务器。")
	NoticeTitleOfBank    = def("notice.title_of_bank", "%[1]s: %[2]s", "%[1]s：%[2]s")
	NoticePartner        = def("notice.partner", "Partner: %s", "合作方：%s")
	NoticeApplication    = def("notice.application", "Application: %s", "应用：%s")
	NoticeAskedAt        = def("notice.asked_at", "Asked: %s", "提交时间：%s")

	NoticeMailed     = defCount("notice.mailed", "Mail to %d person", "Mail to %d persons", "邮件已发给 %d 人")
	NoticeMailFailed = defCount("notice.mail_failed", "Mail to %d person did not go out, tried again", "Mail to %d persons did not go out, tried again", "发给 %d 人的邮件未送出，将重试于")
	NoticeMailGaveUp = defCount("notice.mail_gave_up", "Mail to %d person was given up", "Mail to %d persons was given up", "发给 %d 人的邮件已放弃")
	NoticeMailWaits  = defCount("notice.mail_waits", "Mail to %d person, waiting, due", "Mail to %d persons, waiting, due", "发给 %d 人的邮件待发送，预计")
	NoticePosted     = def("notice.posted", "%s", "%s 已送达")
	NoticePostFailed = def("notice.post_failed", "%s did not take it, tried again", "%s 未送达，将重试于")
	NoticePostGaveUp = def("notice.post_gave_up", "%s was given up", "%s 已放弃")
	NoticePostWaits  = def("notice.post_waits", "%s, waiting, due", "%s 待发送，预计")
	NoticeOfWebhook  = def("notice.of.webhook", "Webhook", "Webhook")
	NoticeOfWeCom    = def("notice.of.wecom", "WeCom", "企业微信")
	NoticeOfDingTalk = def("notice.of.dingtalk", "DingTalk", "钉钉")

	NoticeKindOther = def("notice.kind.other", "a change", "变更")

	_ = def("notice.kind.business", "a change in the directory", "目录变更")
	_ = def("notice.kind.partner.close", "closing a partner", "关闭合作方")
	_ = def("notice.kind.role", "a role", "角色变更")
	_ = def("notice.kind.log.export", "an export of the log", "日志导出")
	_ = def("notice.kind.keys", "a gateway's key", "网关密钥变更")
	_ = def("notice.kind.settings", "settings", "设置变更")
	_ = def("notice.kind.reset", "a new set-up link", "重新发放设置链接")
)

// Things are the words for what changes are about, by kind.
var Things = map[string]Key{
	"service": KindService, "scope": KindScope, "partner": KindPartner, "application": KindApplication,
	"credential": KindCredential, "grant": KindGrant, "staff": KindStaff, "key": KindKey, "setting": KindSetting,
	"everything": KindEverything, "log_export": KindLogExport, "visit": KindVisit,
}

// Formats are what the forms of files are called, in every language.
var Formats = map[string]string{"csv": "CSV", "jsonl": "JSON Lines", "xlsx": "Excel"}

// Subject is what a change is mainly about, "partner lianhe-travel", in words.
func Subject(l Lang, subject string) string {
	kind, id, found := strings.Cut(subject, " ")
	if word, known := Things[kind]; found && known {
		if name, known := Formats[id]; known && kind == "log_export" {
			id = name
		}
		return word.In(l) + " " + id
	}
	return subject
}
