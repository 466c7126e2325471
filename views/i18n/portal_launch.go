package i18n

// The way to the first live visit, on the portal's first page.
var (
	LaunchTitle = def("launch.title", "Launch %s", "%s 上线进度")
	LaunchLead  = def("launch.lead", "%d of %d steps done. Next: %s.", "已完成 %d / %d 步。下一步：%s。")
	LaunchAll   = def("launch.all", "Every step is done: you are live.", "全部步骤已完成，已上线。")
	LaunchDone  = def("launch.done", "%d of %d steps done", "已完成 %d / %d 步")
	LaunchOf    = def("launch.of", "%d of %d", "%d / %d")

	LaunchReady        = def("launch.ready", "Get ready", "准备")
	LaunchCompany      = def("launch.company", "Company confirmed", "企业信息已确认")
	LaunchCompanyWaits = def("launch.company_waits", "the bank is looking at it", "本行核对中")
	LaunchContacts     = def("launch.contacts", "Contacts on record", "联系人已登记")
	LaunchContactsMiss = def("launch.contacts_miss", "tell the bank whom to call: %s", "请告知本行联系人：%s")
	LaunchApplication  = def("launch.application", "Application made", "应用已创建")

	LaunchSandbox      = def("launch.sandbox", "Make it work in the sandbox", "沙箱联调")
	LaunchKey          = def("launch.key", "Keys registered", "密钥已登记")
	LaunchKeyMiss      = def("launch.key_miss", "still missing: %s", "还缺：%s")
	LaunchScope        = def("launch.scope", "Scope chosen", "数据范围已启用")
	LaunchAddresses    = def("launch.addresses", "Addresses listed", "服务器地址已填写")
	LaunchAddressesWhy = def("launch.addresses_why", "from which your servers ask; production needs them", "服务器的来源地址，生产环境必填")
	LaunchAT           = def("launch.at", "First AT received", "首次取得 AT")
	LaunchVT           = def("launch.vt", "First visit opened (VT)", "首次打开访问（VT）")
	LaunchCall         = def("launch.call", "First sealed call answered", "首次加密调用成功")
	LaunchWaits        = def("launch.waits", "waiting for %s", "等待 %s")

	LaunchLive     = def("launch.live", "Go live", "上线")
	LaunchAsk      = def("launch.ask", "Production requested", "已申请生产")
	LaunchApproved = def("launch.approved", "Approved by the bank", "本行已批准")
	LaunchVisit    = def("launch.visit", "First live visit", "首次生产访问")

	NextCompany     = def("launch.next_company", "the bank confirms your company", "本行确认企业信息")
	NextContacts    = def("launch.next_contacts", "tell the bank whom to call", "告知本行联系人")
	NextApplication = def("launch.next_application", "make an application in the sandbox", "在沙箱中创建应用")
	NextKey         = def("launch.next_key", "register a key to sign with and one that ATs are sealed to", "登记签名密钥和加密密钥")
	NextScope       = def("launch.next_scope", "choose a scope", "启用数据范围")
	NextAddresses   = def("launch.next_addresses", "list the addresses of your servers", "填写服务器地址")
	NextAT          = def("launch.next_at", "ask for an AT in the sandbox", "在沙箱中取得 AT")
	NextVT          = def("launch.next_vt", "open a visit in the sandbox", "在沙箱中打开访问")
	NextCall        = def("launch.next_call", "one sealed call in the sandbox", "在沙箱中完成一次加密调用")
	NextAsk         = def("launch.next_ask", "ask for production", "申请生产")
	NextApproved    = def("launch.next_approved", "the bank decides", "等待本行批准")
	NextVisit       = def("launch.next_visit", "the first live visit", "首次生产访问")

	LaunchTodayKey = def("launch.today_key", "Today", "今日")
	LaunchToday    = def("launch.today", "ATs %s, visits %s, calls %s", "AT %s，访问 %s，调用 %s")
)
