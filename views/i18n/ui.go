package i18n

import (
	"context"
	"time"
)

// Words of the components that console and portal are built from.
var (
	UIDraft      = def("ui.state.draft", "draft", "草稿")
	UIInReview   = def("ui.state.in_review", "in review", "审批中")
	UIActive     = def("ui.state.active", "active", "启用")
	UISuspended  = def("ui.state.suspended", "suspended", "暂停")
	UIRefused    = def("ui.state.refused", "refused", "已拒绝")
	UIFrozen     = def("ui.state.frozen", "frozen", "已冻结")
	UIClosed     = def("ui.state.closed", "closed", "已关闭")
	UISandbox    = def("ui.sandbox", "Sandbox", "沙箱")
	UIProduction = def("ui.production", "Production", "生产")

	UICopy     = def("ui.copy", "Copy", "复制")
	UICopyID   = def("ui.copy_id", "Copy %s", "复制 %s")
	UICopied   = def("ui.copied", "Copied", "已复制")
	UIDownload = def("ui.download", "Download as file", "下载为文件")
	UIVault    = def("ui.vault", "I have put it in our vault. It cannot be shown again.", "我已存入保管系统。它不会再次显示。")
	UIDone     = def("ui.done", "Done", "完成")

	UIFrom      = def("ui.diff.from", "from", "从")
	UITo        = def("ui.diff.to", "to", "改为")
	UINow       = def("ui.diff.now", "Now", "现在")
	UIAfter     = def("ui.diff.after", "After approval", "批准后")
	UIUnchanged = def("ui.diff.unchanged", "no change", "不变")
	UILine      = def("ui.diff.line", "What changes", "变更项")
	UINothing   = def("ui.diff.nothing", "nothing", "无")
	UISameLines = defCount("ui.diff.same", "%d line without change", "%d lines without change", "%d 项不变")
	UIDiffer    = defCount("ui.diff.differ", "%d of %d lines differs", "%d of %d lines differ", "%d 项有变更，共 %d 项")

	UIOptional  = def("ui.optional", "optional", "选填")
	UIFaults    = defCount("ui.faults", "%d field needs a change.", "%d fields need a change.", "有 %d 项需要修改。")
	UIKeptTyped = def("ui.kept_typed", "Everything else is kept as you typed it.", "其他内容已按你的输入保留。")
	UIShowPass  = def("ui.show_password", "Show password", "显示密码")
	UICancel    = def("ui.cancel", "Cancel", "取消")
	UIClose     = def("ui.close", "Close", "关闭")

	UIFilters     = def("ui.filters", "Filters", "筛选条件")
	UISpan        = def("ui.span", "From … until …", "起止时间")
	UISpanFrom    = def("ui.span_from", "From", "起始时间")
	UISpanUntil   = def("ui.span_until", "Until", "截止时间")
	UISpanHelp    = def("ui.span_help", "Time of the bank. Left empty, it is up to now.", "以银行所在时区为准，留空表示至今。")
	UISpanShow    = def("ui.span_show", "Show", "查看")
	UIClear       = def("ui.clear", "Clear all", "全部清除")
	UIClearOne    = def("ui.clear_one", "Remove the filter %s", "移除筛选条件：%s")
	UIRows        = def("ui.rows", "Rows %s to %s of %s", "第 %s 至 %s 行，共 %s 行")
	UIRowsAbout   = def("ui.rows_about", "Rows %s to %s of about %s", "第 %s 至 %s 行，约 %s 行")
	UIRowsOpen    = def("ui.rows_open", "Rows %s to %s", "第 %s 至 %s 行")
	UINewer       = def("ui.newer", "Newer", "较新")
	UIOlder       = def("ui.older", "Older", "较早")
	UIPages       = def("ui.pages", "Pages of this list", "列表翻页")
	UIMarkRow     = def("ui.mark_row", "Mark %s", "标记 %s")
	UIShowTable   = def("ui.show_table", "Show as table", "以表格显示")
	UIStop        = def("ui.stop", "Stop", "停止")
	UIWaiting     = def("ui.waiting", "Loading", "加载中")
	UISubmitting  = def("ui.submitting", "Submitting…", "提交中…")
	UILive        = def("ui.live", "Live", "实时")
	UIPaused      = def("ui.paused", "Paused", "已暂停")
	UIPause       = def("ui.pause", "Pause", "暂停")
	UIResume      = def("ui.resume", "Resume", "继续")
	UINewRows     = defCount("ui.new_rows", "%d new row", "%d new rows", "%d 条新记录")
	UINext        = def("ui.next", "Next", "下一条")
	UIPrevious    = def("ui.previous", "Previous", "上一条")
	UIObeyed      = def("ui.obeyed", "obeyed", "已生效")
	UINotYet      = def("ui.not_yet", "waiting", "等待中")
	UISeconds     = def("ui.seconds", "seconds", "秒")
	UINode        = def("ui.node", "Node", "节点")
	UIState       = def("ui.state", "State", "状态")
	UISince       = def("ui.since_click", "Since the click", "按下之后")
	UIObeyedAfter = def("ui.obeyed_after", "Obeyed after", "生效用时")
	UIInFlight    = def("ui.in_flight", "Calls in flight", "进行中的调用")
	UIYou         = def("ui.owner.you", "you", "你")
	UIBank        = def("ui.owner.bank", "the bank", "银行")
	UIItself      = def("ui.owner.itself", "ticks itself", "自动完成")
	UIStepDone    = def("ui.step.done", "done", "已完成")
	UIStepNow     = def("ui.step.now", "now", "当前")
	UIStepLater   = def("ui.step.later", "later", "未开始")
	UIOutside     = def("ui.step.outside", "outside the bank", "行外")
	UIStepOk      = def("ui.step.ok", "allowed", "通过")
	UIStepBad     = def("ui.step.bad", "stopped here", "在此停止")
	UIStepIdle    = def("ui.step.idle", "not reached", "未到达")

	UIRequest   = def("ui.request", "Request", "请求")
	UISignedIn  = def("ui.forbidden.who", "You are signed in as %s, %s.", "你以%s（%s）的身份登录。")
	UIRoleMay   = def("ui.forbidden.role", "The role that may open this is %s.", "可以打开此页的角色是%s。")
	UIAskRole   = def("ui.forbidden.ask", "Ask for the role…", "申请角色…")
	UIInfo      = def("ui.tone.info", "Note", "提示")
	UIGood      = def("ui.tone.ok", "Good", "正常")
	UIWarning   = def("ui.tone.warn", "Warning", "注意")
	UITrouble   = def("ui.tone.bad", "Trouble", "问题")
	UIUndecided = def("ui.class.undecided", "C?", "C?")
)

// Words around every page of console and portal.
var (
	UIConsole    = def("ui.console", "Staff console", "管理控制台")
	UIPortal     = def("ui.portal", "Partner portal", "合作方门户")
	UISearchJump = def("ui.search_jump", "Search or jump to", "搜索或跳转")
	UIMenu       = def("ui.menu", "Menu", "菜单")
	UINavigation = def("ui.navigation", "Main", "主导航")
	UIBreadcrumb = def("ui.breadcrumb", "You are here", "当前位置")
	UISignOut    = def("ui.sign_out", "Sign out", "退出登录")
	UIAccount    = def("ui.account", "Your account", "你的账户")
	UIToEnglish  = def("ui.to_english", "English", "English")
	UIToChinese  = def("ui.to_chinese", "中文", "中文")
	UIWhere      = def("ui.environment", "Environment", "环境")

	UIKeys      = def("ui.keys", "Keyboard", "键盘")
	UIKeysAll   = def("ui.keys.all", "All keys", "全部按键")
	UIKeysOff   = def("ui.keys.off", "Switch these keys off", "停用这些按键")
	UIKeysOn    = def("ui.keys.on", "Switch these keys on", "启用这些按键")
	UIKeySearch = def("ui.key.search", "search", "搜索")
	UIKeyRows   = def("ui.key.rows", "next, previous row", "下一行、上一行")
	UIKeyOpen   = def("ui.key.open", "open the row", "打开所在行")
	UIKeyMark   = def("ui.key.mark", "mark the row", "标记所在行")
	UIKeyClose  = def("ui.key.close", "close", "关闭")
	UIKeyHelp   = def("ui.key.help", "all keys", "全部按键")
	UIKeysIntro = def("ui.keys.intro", "The keys rest while you type.", "输入文字时按键不起作用。")
	UINavGroups = def("ui.nav.menu", "All pages", "全部页面")
)

var (
	inSeconds  = defCount("ui.in.seconds", "in %d second", "in %d seconds", "%d 秒后")
	inMinutes  = defCount("ui.in.minutes", "in %d minute", "in %d minutes", "%d 分钟后")
	inHours    = defCount("ui.in.hours", "in %d hour", "in %d hours", "%d 小时后")
	agoNow     = def("ui.ago.now", "just now", "刚刚")
	agoSeconds = defCount("ui.ago.seconds", "%d second ago", "%d seconds ago", "%d 秒前")
	agoMinutes = defCount("ui.ago.minutes", "%d minute ago", "%d minutes ago", "%d 分钟前")
	agoHours   = defCount("ui.ago.hours", "%d hour ago", "%d hours ago", "%d 小时前")
)

// Ago is how long before now t was: "42 minutes ago", "4 小时前"; the date when
// it is a day or longer, or lies ahead.
func Ago(ctx context.Context, t, now time.Time) string {
	switch d := now.Sub(t); {
	case d <= -24*time.Hour || d >= 24*time.Hour:
		return Date(ctx, t)
	case d <= -time.Hour:
		return T(ctx, inHours, int(-d.Hours()))
	case d <= -time.Minute:
		return T(ctx, inMinutes, int(-d.Minutes()))
	case d < 0:
		return T(ctx, inSeconds, int(-d.Seconds()))
	case d < time.Second:
		return T(ctx, agoNow)
	case d < time.Minute:
		return T(ctx, agoSeconds, int(d.Seconds()))
	case d < time.Hour:
		return T(ctx, agoMinutes, int(d.Minutes()))
	default:
		return T(ctx, agoHours, int(d.Hours()))
	}
}

// Exact is t to the millisecond with its offset: "20 November 2026,
// 09:23:04.118 +08:00".
func Exact(ctx context.Context, t time.Time) string {
	separator := ", "
	if From(ctx) == Chinese {
		separator = " "
	}
	return Date(ctx, t) + separator + ClockMillis(ctx, t) + " " + t.Format("-07:00")
}
