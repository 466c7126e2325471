package i18n

import "strings"

// Settings: what the gateway was told, and what two persons may change.
var (
	SettingsTitle = def("settings.title", "Settings", "设置")
	SettingsLead  = def("settings.lead", "Everything that this node was told and where. Secrets are never shown, only whether there is one.", "本节点的全部设置及其来源。机密只显示是否已设置。")

	SettingsKey       = def("settings.key", "Setting", "设置项")
	SettingsValue     = def("settings.value", "Value", "取值")
	SettingsOrigin    = def("settings.origin", "Set by", "来源")
	SettingsSet       = def("settings.set", "set", "已设置")
	SettingsNotSet    = def("settings.not_set", "not set", "未设置")
	SettingsNone      = def("settings.none", "none", "无")
	SettingsDefault   = def("settings.default", "default", "默认")
	SettingsByFile    = def("settings.by_file", "file %s", "文件 %s")
	SettingsByEnv     = def("settings.by_env", "environment %s", "环境变量 %s")
	SettingsByFlag    = def("settings.by_flag", "flag %s", "命令行 %s")
	SettingsByProgram = def("settings.by_program", "given by the program that started the gateway", "由启动网关的程序设定")
	SettingsByHand    = def("settings.by_hand", "console: %[1]s, %[2]s", "控制台：%[1]s，%[2]s")
	SettingsNoDefault = def("settings.no_default", "empty by default", "默认为空")
	SettingsDefaultV  = def("settings.default_is", "default %s", "默认 %s")
	SettingsChange    = def("settings.change", "Change", "变更")

	SettingsGateway   = def("settings.section.gateway", "The gateway", "网关")
	SettingsDatabase  = def("settings.section.database", "Database", "数据库")
	SettingsListeners = def("settings.section.listeners", "Listeners", "监听端口")
	SettingsConsole   = def("settings.section.console", "Console", "控制台")
	SettingsPortal    = def("settings.section.portal", "Portal", "门户")
	SettingsLimits    = def("settings.section.limits", "Limits", "限额")
	SettingsRates     = def("settings.section.rates", "Rates", "速率")
	SettingsKeys      = def("settings.section.keys", "Keys", "密钥")
	SettingsRetention = def("settings.section.retention", "Retention", "保留期")
	SettingsAlerts    = def("settings.section.alerts", "Alerts", "告警")
	SettingsFeeds     = def("settings.section.feeds", "Feeds", "数据流")

	SettingsFacts     = def("settings.facts", "This node", "本节点")
	SettingsNode      = def("settings.node", "Node", "节点")
	SettingsVersion   = def("settings.version", "Version", "版本")
	SettingsUnstamped = def("settings.unstamped", "not stamped", "未标注")
	SettingsData      = def("settings.data", "Database", "数据库")
	SettingsOuter     = def("settings.outer", "Gateway's listener", "网关监听")
	SettingsInner     = def("settings.inner", "Internal listener", "内部监听")
	SettingsTLS       = def("settings.tls", "with TLS", "启用 TLS")
	SettingsClear     = def("settings.clear", "without TLS", "未启用 TLS")
	SettingsSignOn    = def("settings.sign_on", "The bank's sign-on", "行内统一登录")
	SettingsNoSignOn  = def("settings.no_sign_on", "not configured", "未配置")

	SettingsRetentionTitle = def("settings.retention_title", "Change how long rows are kept", "变更保留期")
	SettingsAlertsTitle    = def("settings.alerts_title", "Change the rules of alerts", "变更告警规则")
	SettingsEditLead       = def("settings.edit_lead", "A security administrator approves it under Approvals; every node takes it up within a second of that, without a restart.",
		"由安全管理员在“审批”中批准，批准后一秒内各节点生效，无需重启。")
	SettingsBounds    = def("settings.bounds", "From %s; by default %s.", "取值范围：%s，默认 %s。")
	SettingsFromTo    = def("settings.from_to", "%[1]s to %[2]s", "%[1]s 至 %[2]s")
	SettingsWrong     = def("settings.wrong", "Enter a value within the bounds.", "填写范围内的值。")
	SettingsWrongOf   = def("settings.wrong_of", "Enter a value from %s.", "填写 %s 范围内的值。")
	SettingsLocked    = def("settings.locked", "This is set by the node's file, environment or flags: change it there.", "由节点的文件、环境变量或命令行设定，须在该处更改。")
	SettingsElsewhere = def("settings.elsewhere", "Set elsewhere", "在别处设定")
	SettingsThere     = def("settings.there", "What a node's file, environment or flags say goes before this page: change it there.", "节点的文件、环境变量或命令行优先于此页，须在该处更改。")
	SettingsAllThere  = def("settings.all_there", "All of these are set by the node's file, environment or flags: change them there.", "这些设置均由节点的文件、环境变量或命令行设定，须在该处更改。")
	SettingsOn        = def("settings.on", "On", "开启")
	SettingsOff       = def("settings.off", "Off", "关闭")
	SettingsShort     = def("settings.short", "Keeping rows for less long deletes the older ones within an hour of the approval. They do not come back.",
		"缩短保留期后，超期数据会在批准后一小时内删除，无法恢复。")
	SettingsGone = def("settings.gone", "%[1]s: everything before %[2]s is deleted, as of today.", "%[1]s：以今天计，%[2]s 之前的数据将被删除。")

	SettingsMoved = def("settings.moved", "Somebody else has changed these settings meanwhile. This is how they are now.", "期间他人已更改这些设置，以下为当前值。")
	KindSetting   = def("kind.setting", "Settings:", "设置")
)

// SettingWord is what a setting is called, or a section of them, by its key; ok is
// false for what has no name but its key. A rule of alerts, and whether it is on,
// is called as its alerts are.
func SettingWord(l Lang, key string) (word string, ok bool) {
	id := "setting." + key
	if rule, is := strings.CutPrefix(key, "alerts.rules."); is {
		name, field, _ := strings.Cut(rule, ".")
		if field == "" || field == "on" {
			id = "alert." + name
		}
	}
	k, ok := ByID(id)
	return k.In(l), ok
}

// What may be changed while gateways run: "setting." and the key.
var (
	_ = def("setting.retention", "Retention", "保留期")
	_ = def("setting.retention.issuance_days", "ATs, visits and consents, days", "AT、访问与同意（天）")
	_ = def("setting.retention.calls_days", "Records of business calls, days", "业务调用记录（天）")
	_ = def("setting.retention.changes_days", "Notices between nodes, days", "节点间变更通知（天）")
	_ = def("setting.retention.hourly_counts_days", "Counts by hour, days", "小时统计（天）")
	_ = def("setting.retention.alerts_days", "Alerts that are over, days", "已结束的告警（天）")

	_ = def("setting.alerts.rules.refusals.count", "Refusals, at least", "拒绝次数，至少")
	_ = def("setting.alerts.rules.refusals.percent", "Of all answers, percent", "占全部答复的百分比")
	_ = def("setting.alerts.rules.refusals.hours", "Over how many hours", "统计小时数")
	_ = def("setting.alerts.rules.unredeemed.count", "ATs not used, at least", "未使用的 AT，至少")
	_ = def("setting.alerts.rules.unredeemed.percent", "Of all ATs, percent", "占全部 AT 的百分比")
	_ = def("setting.alerts.rules.unredeemed.window", "How far back", "回看时长")
	_ = def("setting.alerts.rules.new_address.learning_days", "Learning, days", "学习期（天）")
	_ = def("setting.alerts.rules.new_address.window", "How long an address is new", "视为新地址的时长")
	_ = def("setting.alerts.rules.spent_twice.count", "How often, at least", "次数，至少")
	_ = def("setting.alerts.rules.spent_twice.window", "How far back", "回看时长")
	_ = def("setting.alerts.rules.upstream_down.for", "For how long", "持续时长")
	_ = def("setting.alerts.rules.certificate.days", "Days before its end", "提前天数")
	_ = def("setting.alerts.rules.credential.days", "Days before its end", "提前天数")
	_ = def("setting.alerts.rules.queue.percent", "How full, percent", "占用百分比")
	_ = def("setting.alerts.rules.disk.free_mib", "Free at least, MiB", "最少剩余（MiB）")
	_ = def("setting.alerts.rules.feed_behind.by", "By how much", "落后时长")
	_ = def("setting.alerts.rules.evidence_late.by", "Waits for", "等待时长")
)
