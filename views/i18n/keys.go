package i18n

// The gateway's own keys.
var (
	KeysTitle = def("keys.title", "Keys", "密钥")
	KeysLead  = def("keys.lead", "The gateway's own keys. Each is replaced by itself before its time is over; two persons can do it earlier.",
		"网关自身的密钥，到期前自动轮换；提前轮换须双人复核。")

	KeysAKs         = def("keys.aks", "AKs", "应用公钥（AK）")
	KeysAKsText     = def("keys.aks_text", "An AT carries one; a page seals the first message of its visit to it.", "随 AT 下发，页面用它加密访问的第一条消息。")
	KeysSigning     = def("keys.signing", "Signing keys", "签名密钥")
	KeysSigningText = def("keys.signing_text", "They sign ATs, and assertions for upstreams.", "签署 AT 和发给后端系统的断言。")
	KeysTickets     = def("keys.tickets", "Ticket keys", "票据密钥")
	KeysTicketsText = def("keys.tickets_text", "They seal VTs, for all environments.", "加密 VT，各环境共用。")

	KeysEvidence     = def("keys.evidence", "Evidence key", "存证密钥")
	KeysEvidenceText = def("keys.evidence_text", "It signs checkpoints of the ledger. It is replaced when two persons ask for it, for auditors keep its public part.",
		"签署账本检查点。审计人员留存其公钥，因此仅在双人申请时更换。")

	KeysSubject     = def("keys.subject", "Subject key", "用户标识密钥")
	KeysSubjectText = def("keys.subject_text", "It seals and hashes partners' user ids in the database, and does not rotate: what it hashed would be found no more.",
		"加密并散列数据库中的合作方用户标识。此密钥不轮换，否则已有记录将无法检索。")

	KeysKey         = def("keys.key", "Key", "密钥")
	KeysEnvironment = def("keys.environment", "Environment", "环境")
	KeysAll         = def("keys.all", "all", "全部")
	KeysFirstUse    = def("keys.first_use", "First use", "启用时间")
	KeysOpensUntil  = def("keys.opens_until", "Opens what it made until", "可解密至")
	KeysNext        = def("keys.next", "Next rotation", "下次轮换")
	KeysRetiredAt   = def("keys.retired_at", "Retired", "停用时间")
	KeysFor         = def("keys.for", "For", "用途")
	KeysForEver     = def("keys.for_ever", "does not end", "长期有效")

	KeyPublished  = def("key.published", "published, not used yet", "已发布，未启用")
	KeyInUse      = def("key.in_use", "in use", "使用中")
	KeySuperseded = def("key.superseded", "superseded", "已被取代")
	KeyRetired    = def("key.retired", "retired", "已停用")

	KeysKindAK        = def("keys.kind_ak", "AK", "AK")
	KeysKindSigning   = def("keys.kind_signing", "signing key", "签名密钥")
	KeysKindTicket    = def("keys.kind_ticket", "ticket key", "票据密钥")
	KeysKindEvidence  = def("keys.kind_evidence", "evidence key", "存证密钥")
	KeysKindSubject   = def("keys.kind_subject", "subject key", "用户标识密钥")
	KeysKindOf        = def("keys.kind_of", "%[1]s, %[2]s", "%[2]s %[1]s")
	KindKey           = def("kind.key", "Key:", "密钥")
	KeysWaits         = def("keys.waits", "A change waits for approval", "有变更待审批")
	KeysRetiredTitle  = def("keys.retired_title", "Retired keys", "已停用的密钥")
	KeysNoRetired     = def("keys.no_retired", "No key has been retired yet", "还没有停用的密钥")
	KeysNoRetiredText = def("keys.no_retired_text", "A key stands here once it opens nothing any more; its private part is gone then.", "密钥不再解密任何内容后列在这里，其私钥部分已删除。")

	KeysAdoption     = def("keys.adoption", "Who still carries which AK", "各 AK 的使用情况")
	KeysAdoptionText = def("keys.adoption_text", "ATs that are not redeemed and can still open a visit, by the AK that they carry. An AT lives ten minutes at most.",
		"尚未使用且仍可打开访问的 AT，按所携带的 AK 统计；AT 最长有效十分钟。")
	KeysOpenATs      = def("keys.open_ats", "ATs not redeemed", "未使用的 AT")
	KeysShare        = def("keys.share", "Share", "占比")
	KeysShareOf      = def("keys.share_of", "%[1]s of %[2]s", "%[1]s / %[2]s")
	KeysApplications = def("keys.applications", "Applications", "应用")
	KeysMoreApps     = defCount("keys.more_apps", "and %d more", "and %d more", "另有 %d 个")
	KeysNoOpenATs    = def("keys.no_open_ats", "No AT waits for its page", "没有待使用的 AT")
	KeysNoOpenText   = def("keys.no_open_text", "As soon as partners ask for ATs, what they carry stands here.", "合作方领取 AT 后，所携带的 AK 会列在这里。")
	KeysAtLeast      = def("keys.at_least", "Of the newest 20,000 ATs", "取最近 20,000 个 AT")

	KeysRotate        = def("keys.rotate", "Rotate", "轮换")
	KeysReplace       = def("keys.replace", "Replace now", "立即更换")
	KeysRetire        = def("keys.retire", "Retire", "停用")
	KeysRetireNow     = def("keys.retire_now", "Retire now", "立即停用")
	KeysRotateTitle   = def("keys.rotate_title", "Rotate: %s", "轮换：%s")
	KeysRotateText    = def("keys.rotate_text", "Nobody is refused: the old key goes on opening what it made.", "不影响任何人：旧密钥继续解密由它生成的内容。")
	KeysReplaceTitle  = def("keys.replace_title", "Replace at once: %s", "立即更换：%s")
	KeysReplaceText   = def("keys.replace_text", "For a key that somebody else may have. What it made opens no more from the approval on.", "适用于可能已泄露的密钥。批准后，由它生成的内容立即失效。")
	KeysRetireTitle   = def("keys.retire_title", "Retire: %s", "停用：%s")
	KeysRetireText    = def("keys.retire_text", "The gateway does this by itself within a minute.", "网关会在一分钟内自动完成此操作。")
	KeysRetireNowT    = def("keys.retire_now_title", "Retire at once: %s", "立即停用：%s")
	KeysRetireNowText = def("keys.retire_now_text", "For a superseded key that somebody else may have, before its time is over.", "适用于已被取代但可能泄露的密钥，提前停用。")
	KeysTwoPersons    = def("keys.two_persons", "The system administrator approves it under Approvals; it takes effect at that moment.", "由系统管理员在“审批”中批准，批准即生效。")
	KeysNow           = def("keys.now", "As it stands:", "目前：")
	KeysATsEnd        = defCount("keys.ats_end", "%d AT that is not redeemed stops opening.", "%d ATs that are not redeemed stop opening.", "%d 个未使用的 AT 将无法打开访问。")
	KeysATsEndLeast   = def("keys.ats_end_least", "At least %d ATs that are not redeemed stop opening.", "至少 %d 个未使用的 AT 将无法打开访问。")
	KeysVisitsEnd     = defCount("keys.visits_end", "%d live visit stops opening, if this key sealed its VT.", "%d live visits stop opening, as far as this key sealed their VTs.", "%d 个在线访问中，VT 由此密钥加密的将立即结束。")
	KeysMoved         = def("keys.moved", "The keys have moved since this page was opened. This is how they are now.", "页面打开后密钥已变化，以下为当前情况。")

	FaultKeyKind   = def("key.no_kind", "Keys of this kind are not made here.", "此处不能生成该类密钥。")
	FaultKeyNewest = def("key.newest", "This key is the newest of its kind, or in use: nothing could be made without it. Replace it instead.", "此密钥是该类中最新的或正在使用，不能停用，应改用“立即更换”。")
	FaultKeyOpens  = def("key.still_opens", "This key still opens what it made; it is retired by itself once it does not. If it is compromised, retire it now.",
		"此密钥仍在解密由它生成的内容，失效后会自动停用。如已泄露，改用“立即停用”。")
	FaultKeyGone = def("key.gone", "This key is retired already.", "此密钥已停用。")
	FaultKeyAct  = def("key.no_act", "Nothing of this name is done to keys.", "没有这种密钥操作。")

	_ = def("did.key.rotated", "made a new key", "生成新密钥")
	_ = def("did.key.retired", "retired a key", "停用密钥")
	_ = def("did.setting.changed", "changed settings", "变更设置")

	ConsoleSystemDecides   = def("console.system_decides", "A system administrator decides this.", "由系统管理员决定。")
	ConsoleSecurityDecides = def("console.security_decides", "A security administrator decides this.", "由安全管理员决定。")
)
