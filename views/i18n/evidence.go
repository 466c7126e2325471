package i18n

// Evidence: the tree over the ledger, its checkpoints, and who vouches for them.
var (
	EvidenceTitle = def("evidence.title", "Evidence", "存证")
	EvidenceLead  = def("evidence.lead", "Every event is a leaf of a tree that is signed again and again; a file outside the database vouches for it.",
		"每个事件都是默克尔树的一片叶；该树定期签名，并由数据库之外的锚点文件佐证。")

	EvidenceNewest     = def("evidence.newest", "Newest checkpoint", "最新检查点")
	EvidenceEvents     = def("evidence.events", "Events", "事件数")
	EvidenceSigned     = def("evidence.signed", "Signed", "签署时间")
	EvidenceRoot       = def("evidence.root", "Root", "根哈希")
	EvidenceKey        = def("evidence.key", "Key", "密钥")
	EvidenceVerifier   = def("evidence.verifier", "Public key", "公钥")
	EvidenceEpoch      = def("evidence.epoch", "Database restored", "数据库恢复时间")
	EvidenceNone       = def("evidence.none", "No checkpoint yet", "尚无检查点")
	EvidenceNoneText   = def("evidence.none_text", "The first one is signed within minutes of the first event.", "第一个事件发生后几分钟内签署。")
	EvidenceNoWaiting  = def("evidence.no_waiting", "All events are vouched for, but for those of the last minute.", "除最近一分钟外，全部事件均已存证。")
	EvidenceWaits      = def("evidence.waits", "The oldest event that is not vouched for has waited for %s.", "最早未存证的事件已等待 %s。")
	EvidenceWaitsTitle = def("evidence.waits_title", "Waiting", "待存证")

	EvidenceAnchors   = def("evidence.anchors", "Anchors", "锚点")
	EvidenceNode      = def("evidence.node", "Node", "节点")
	EvidenceState     = def("evidence.state", "State", "状态")
	EvidenceLooked    = def("evidence.looked", "Agreed last", "最近一致")
	EvidenceWritten   = def("evidence.written", "Written", "写入时间")
	EvidenceAgrees    = def("evidence.agrees", "the anchor agrees", "锚点一致")
	EvidenceDiffers   = def("evidence.differs", "the anchor differs", "锚点不符")
	EvidenceFailed    = def("evidence.failed", "cannot be read or written", "无法读写")
	EvidenceNever     = def("evidence.never", "never", "从未")
	EvidenceNoAnchor  = def("evidence.no_anchor", "No node has an anchor", "没有节点配置锚点")
	EvidenceNoAnchorT = def("evidence.no_anchor_text", "Without one nobody notices when an older database is put in the place of this one. Set evidence.anchor on each node.",
		"没有锚点，用旧数据库替换当前数据库便无人察觉。请在各节点设置 evidence.anchor。")
	EvidenceStopped = def("evidence.stopped", "This node decides nothing", "本节点已停止放行")

	EvidenceCheck      = def("evidence.check", "Last verification", "最近核验")
	EvidenceCheckTitle = def("evidence.check_title", "The verification found a fault", "核验发现异常")
	EvidenceFine       = def("evidence.fine", "All %s events are as they were when they happened.", "全部 %s 个事件均与发生时一致。")
	EvidenceNotYet     = def("evidence.not_yet", "The first round is not over.", "首轮核验尚未完成。")
	EvidenceFault      = def("evidence.fault", "Event %[1]s: %[2]s", "事件 %[1]s：%[2]s")
	EvidenceResult     = def("evidence.result", "Result", "结果")
	EvidenceWhole      = def("evidence.whole", "Last whole round", "最近完成一轮")
	EvidenceRound      = def("evidence.round", "Round under way", "当前一轮")
	EvidenceRoundAt    = def("evidence.round_at", "%[1]s of %[2]s events", "%[2]s 个事件中的 %[1]s 个")
	EvidenceByHand     = def("evidence.by_hand", "Auditors do the same without the gateway: postern evidence verify.", "审计人员可脱离网关自行核验：postern evidence verify。")

	EvidenceCheckpoints = def("evidence.checkpoints", "Checkpoints", "检查点")
	EvidenceDownload    = def("evidence.download", "Download", "下载")
	EvidenceProof       = def("evidence.proof", "Proof", "存在证明")
	EvidenceGetProof    = def("evidence.get_proof", "Download the proof", "下载存在证明")
	EvidenceProofSoon   = def("evidence.proof_soon", "The proof is on its way", "证明即将生成")
	EvidenceProofNotYet = def("evidence.proof_not_yet", "No checkpoint has been signed since this event. One is signed every %s; this page looks again by itself, and then gives the file.", "该事件之后尚未签署检查点。检查点每 %s签署一次；本页会自动刷新，签署后即下载证明文件。")
	EvidenceGone        = def("evidence.gone", "This node has not been seen for seven days: it counts as removed.", "该节点已七天未出现，视为已移除。")

	_ = def("evidence.found.removed", "there is no event with this number", "该序号的事件不存在")
	_ = def("evidence.found.changed", "it is not as the ledger wrote it", "与账本写入时不一致")
	_ = def("evidence.found.other", "the tree has another event here", "树中此处是另一个事件")
	_ = def("evidence.found.forked", "these are not the events that the checkpoint was signed over", "与检查点签署的事件不符")
	_ = def("evidence.found.bad_note", "the checkpoint over it is not signed by a key of the gateway's", "其检查点不是由网关密钥签署")
	_ = def("evidence.found.contradict", "these are not the events that the anchor vouches for", "与锚点佐证的事件不符")
	_ = def("evidence.found.cut_off", "it and what follows are gone", "该事件及其后的事件缺失")
	_ = def("evidence.found.restored", "the database was restored, and the anchor was not told", "数据库曾被恢复，但未告知锚点")
	_ = def("evidence.found.shorter", "the database has fewer events than the anchor vouches for", "数据库中的事件少于锚点佐证的数量")
	_ = def("evidence.found.another", "the events are others than those that the anchor vouches for", "事件与锚点佐证的不同")
	_ = def("evidence.found.last_gone", "the last event that the anchor vouches for is gone or another one", "锚点佐证的最后一个事件缺失或被替换")

	_ = def("did.evidence.accepted", "told an anchor that the database is meant to be as it is", "确认数据库现状并更新锚点")
)

// Finding are the words for what is wrong with the ledger, by the evidence's own
// word for it; empty for one that this release does not know.
func Finding(l Lang, code string) string {
	key, ok := ByID("evidence.found." + code)
	if !ok {
		return ""
	}
	return key.In(l)
}
