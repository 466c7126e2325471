package i18n

// The portal's words about credentials: of the sandbox, and of production by rule.
var (
	PortalLiveLead        = def("portal.live_lead", "A further key takes effect at once, on an owner's word; the bank is told. The first of its kind is for the bank to approve.", "新增同类密钥由所有者操作并立即生效，同时通知本行。同类的首个凭证须经本行批准。")
	PortalLiveLeadTwo     = def("portal.live_lead_two", "A further key takes effect once a second member of your team has confirmed it; the bank is told. The first of its kind is for the bank to approve.", "新增同类密钥须由团队另一名成员确认后生效，同时通知本行。同类的首个凭证须经本行批准。")
	PortalUseFirst        = def("portal.use_first", "%s: the first, the bank approves it", "%s：首个，须经本行批准")
	PortalUseFurther      = def("portal.use_further", "%s: a further one", "%s：新增")
	PortalFirstReason     = def("portal.first_reason", "What the bank should know", "致本行的说明")
	PortalFirstReasonHelp = def("portal.first_reason_help", "Needed for the first of a kind, which the bank approves: say what it is for.", "首个凭证由本行审批，须说明用途。")
	PortalNoFurther       = def("portal.no_further", "An owner of your team registers further credentials in production.", "生产环境新增凭证由团队所有者操作。")
	PortalSecretLater     = def("portal.secret_later", "It works once request %v is approved.", "申请 %v 批准后生效。")

	PortalCredential      = def("portal.credential", "Credential", "凭证")
	PortalFingerprint     = def("portal.fingerprint", "Thumbprint", "指纹")
	PortalFrozenWord      = def("portal.frozen", "frozen", "已冻结")
	PortalFrozenByBank    = def("portal.frozen_bank", "frozen by the bank", "已被本行冻结")
	PortalIsFrozen        = def("portal.is_frozen", "Whoever uses it is refused until it is thawed.", "冻结期间使用该凭证的请求会被拒绝。")
	PortalBankFroze       = def("portal.bank_froze", "The bank has frozen it: ask your contact at the bank.", "该凭证已被本行冻结，请联系行内联系人。")
	PortalFreeze          = def("portal.freeze", "Freeze…", "冻结…")
	PortalFreezeDo        = def("portal.freeze_do", "Freeze it now", "立即冻结")
	PortalFreezeTitle     = def("portal.freeze_title", "Freeze: %s", "冻结：%s")
	PortalFreezeText      = def("portal.freeze_text", "Within a second nobody gets in with it any more. It can be thawed; ended it would be gone for good.", "一秒内该凭证即不可用。冻结后可以解冻，终止则不可恢复。")
	PortalFreezeThaw      = def("portal.freeze_thaw", "In production it is thawed as a further credential is added: by an owner, and a second member where your team has chosen so.", "生产凭证的解冻规则与新增凭证相同：由所有者操作；团队要求双人确认时，须另一名成员确认。")
	PortalThaw            = def("portal.thaw", "Thaw it", "解冻")
	PortalEndMore         = def("portal.end_more", "End…", "终止…")
	PortalKeepDo          = def("portal.keep_do", "Take the end back", "撤回终止")
	PortalLast            = def("portal.last", "It is the last that works.", "这是最后一个可用凭证。")
	PortalLastSignature   = def("portal.last_signature", "Without it %s gets no access token any more: no visit can begin. Visits that are open go on to their end.", "之后 %s 无法再获取访问令牌，新的访问无法开始；已打开的访问继续到结束。")
	PortalLastEncryption  = def("portal.last_encryption", "Without it no access token can be sealed for %s, so none is issued: no visit can begin. Visits that are open go on to their end.", "之后无法为 %s 封装访问令牌，令牌不再签发，新的访问无法开始；已打开的访问继续到结束。")
	PortalLastAnyway      = def("portal.last_anyway", "I know that this stops new visits", "我知道这会使新的访问停止")
	PortalLastConfirm     = def("portal.last_confirm", "Tick this if it is to stop: it is the last credential that works then.", "如确认停用请勾选：届时没有其他可用凭证。")
	PortalDoneFrozen      = def("portal.done_frozen", "Frozen. Whoever uses it is refused.", "已冻结，使用该凭证的请求会被拒绝。")
	PortalDoneThawed      = def("portal.done_thawed", "Thawed. It works again.", "已解冻，恢复可用。")
	PortalDoneFurther     = def("portal.done_further", "The credential is registered and works. The bank has been told.", "凭证已登记并生效，已通知本行。")
	PortalDoneConfirmed   = def("portal.done_confirmed", "Confirmed. It has taken effect, and the bank has been told.", "已确认并生效，已通知本行。")
	PortalDoneWaits       = def("portal.done_waits", "It waits for a second member of your team.", "待团队另一名成员确认。")
	PortalEnding          = def("portal.ending", "%[1]s of %[2]s ends at %[3]s.", "%[2]s 的%[1]s将于 %[3]s 到期。")
	PortalYouAreAt        = def("portal.you_are_at", "You are at %s. What counts is where your servers call from.", "你的当前地址为 %s。名单检查的是服务器的来源地址。")
	PortalCallers         = def("portal.callers", "Called from, in 30 days", "近 30 天来源地址")
	PortalByList          = def("portal.by_list", "By this list", "按此名单")
	PortalListIn          = def("portal.list_in", "let in", "放行")
	PortalListOut         = def("portal.list_out", "would be refused", "会被拒绝")
	PortalTryList         = def("portal.try_list", "Try the list, change nothing", "试算名单，不作修改")
	PortalNoCallers       = def("portal.no_callers", "Nobody has called with this application in 30 days.", "近 30 天该应用没有调用。")
	PortalEndingSee       = def("portal.ending_see", "See who uses it", "查看使用情况")
	PortalUsedBy          = def("portal.used_by", "Who uses it", "使用情况")
	PortalUses            = defCount("portal.uses", "%[1]d request since %[2]s", "%[1]d requests since %[2]s", "%[2]s 起 %[1]d 次请求")
	PortalLastUsed        = def("portal.last_used", "Last used", "最近使用")
	PortalNeverUsed       = def("portal.never_used", "not yet", "未使用")
	PortalUseAddress      = def("portal.use_address", "Address", "来源地址")
	PortalUseCount        = def("portal.use_count", "Requests", "请求数")
	PortalUseElsewhere    = def("portal.use_elsewhere", "others", "其他")
	PortalStillUsed       = def("portal.still_used", "It ends at %s. These servers still use it: change them before.", "将于 %s 终止。以下服务器仍在使用，请提前更换。")
	PortalRequestFor      = def("portal.request_for", "%[1]s of %[2]s", "%[2]s 的%[1]s")
	PortalRequestInside   = def("portal.request_inside", "Your team decides this, and the bank is told. Whoever asked does not confirm it.", "由贵司团队决定并通知本行。申请人不能自行确认。")
	PortalConfirm         = def("portal.confirm", "Confirm", "确认")
	PortalConfirmedBy     = def("portal.confirmed_by", "Confirmed by", "确认人")
	PortalOwnRequest      = def("portal.own_request", "Whoever asked does not confirm it: another member does.", "申请人不能自行确认，须由另一名成员确认。")
	PortalSecond          = def("portal.second", "Two members for production", "生产变更双人确认")
	PortalSecondOn        = def("portal.second_on", "A second member confirms what opens more in production: a further credential, thawing one, taking an end back.", "在生产环境新增凭证、解冻、撤回终止时，须另一名成员确认。")
	PortalSecondOff       = def("portal.second_off", "An owner alone adds a further credential in production. You can have a second member confirm it.", "目前所有者一人即可在生产环境新增凭证。可改为须另一名成员确认。")
	PortalSecondAsked     = def("portal.second_asked", "%s has asked to do without. Another member who may change production agrees, or it stays.", "%s 申请取消双人确认，须由另一名可变更生产的成员同意。")
	PortalSecondTurnOn    = def("portal.second_turn_on", "Have a second member confirm", "启用双人确认")
	PortalSecondTurnOff   = def("portal.second_turn_off", "Ask to do without", "申请取消")
	PortalSecondAgree     = def("portal.second_agree", "Agree to do without", "同意取消")
	PortalSecondStay      = def("portal.second_stay", "Leave it on", "保持启用")
	PortalSecondFew       = def("portal.second_few", "It takes two members who are in and may change production. Let a second one in first.", "至少需要两名已启用且可变更生产的成员，请先添加。")
	PortalDoneSecondOn    = def("portal.done_second_on", "A second member confirms from now on.", "双人确认已启用。")
	PortalDoneSecondOff   = def("portal.done_second_off", "An owner alone is enough from now on.", "双人确认已取消。")
	PortalDoneSecondAsked = def("portal.done_second_asked", "Asked. Another member agrees.", "已提交，待另一名成员同意。")
	PortalDoneSecondStays = def("portal.done_second_stays", "It stays on.", "双人确认保持启用。")
	ParcelInside          = def("parcel.inside", "The partner decides this by itself: nothing is to be done here.", "由合作方自行决定，无需处理。")
	ParcelInsideWaits     = def("parcel.inside_waits", "waits for a second member", "待第二人确认")
	ParcelInsideDone      = def("parcel.inside_done", "took effect", "已生效")
)

// Reasons are what the gateway notes as the reason of what somebody did without giving
// one, by the sentence that stands in the ledger.
var Reasons = map[string]Key{
	"New application in the sandbox.":                def("reason.portal_application", "New application in the sandbox.", "新建沙箱应用。"),
	"Changed by the partner.":                        def("reason.portal_changed", "Changed by the partner.", "合作方修改。"),
	"Closed by the partner.":                         def("reason.portal_closed", "Closed by the partner.", "合作方关闭。"),
	"New credential in the sandbox.":                 def("reason.portal_credential", "New credential in the sandbox.", "新增沙箱凭证。"),
	"Further credential, registered by the partner.": def("reason.portal_further", "Further credential, registered by the partner.", "合作方新增凭证。"),
	"Ended by the partner.":                          def("reason.portal_ended", "Ended by the partner.", "合作方终止。"),
	"Kept by the partner.":                           def("reason.portal_kept", "Kept by the partner.", "合作方撤回终止。"),
	"Frozen by the partner.":                         def("reason.portal_frozen", "Frozen by the partner.", "合作方冻结。"),
	"Thawed by the partner.":                         def("reason.portal_thawed", "Thawed by the partner.", "合作方解冻。"),
	"Taken by the partner in its sandbox.":           def("reason.portal_taken", "Taken by the partner in its sandbox.", "合作方在沙箱中启用。"),
	"Given back by the partner.":                     def("reason.portal_given", "Given back by the partner.", "合作方退回。"),
}

// Reason is a reason as somebody has given it, or the gateway's own in the reader's
// language.
func (l Lang) Reason(text string) string {
	if key, own := Reasons[text]; own {
		return key.In(l)
	}
	return text
}
