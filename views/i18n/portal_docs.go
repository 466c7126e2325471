package i18n

// The gateway's documents in the portal.
var (
	Docs         = def("docs.title", "Docs", "文档")
	DocsPartners = def("docs.partners", "For partners", "合作方指南")
	DocsProtocol = def("docs.protocol", "Protocol and errors", "协议与错误码")
	DocsSDK      = def("docs.sdk", "H5 SDK", "H5 SDK")
	DocsFirst    = def("docs.first", "A gateway of your own", "本地运行网关")
	DocsParts    = def("docs.parts", "On this page", "本页目录")
	DocsEnglish  = def("docs.english", "This page is in English.", "这篇文档为英文。")
)
