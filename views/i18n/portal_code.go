package i18n

// Programs that run as they are shown.
var (
	CodeTitle     = def("code.title", "Code for %s", "%s 示例代码")
	CodeLead      = def("code.lead", "Complete programs with this application's own ids and addresses. Each lives in the gateway's repository and is run by its tests.", "完整程序，已填入此应用的标识与地址。示例存放于网关代码库，并由其测试实际运行。")
	CodeShow      = def("code.show", "Code", "示例代码")
	CodeLanguages = def("code.languages", "Language", "语言")
	CodeCurl      = def("code.curl", "curl", "curl")
	CodeGo        = def("code.go", "Go", "Go")
	CodeNode      = def("code.node", "Node", "Node")
	CodeJava      = def("code.java", "Java", "Java")
	CodePython    = def("code.python", "Python", "Python")
	CodePage      = def("code.page", "H5 page", "H5 页面")
	CodeNoKey     = def("code.no_key", "No signature key works yet: the program names one that is not there.", "尚无可用的签名密钥：程序中的密钥标识仅为占位。")
	CodeNoScope   = def("code.no_scope", "The application has no scope yet, so it gets no AT.", "应用尚无数据范围，无法取得 AT。")
	CodeGM        = def("code.gm", "There are samples for suite A256 so far. For GM the protocol says what each message is made of.", "目前仅提供 A256 套件示例。国密套件的报文构成见协议文档。")
	CodeSecret    = def("code.secret", "This application proves itself by a secret. Samples with a library follow the same way as those of keys, with HTTP Basic in place of the assertion.", "此应用以共享密钥认证。其余步骤与密钥认证相同，仅以 HTTP Basic 代替断言。")
)
