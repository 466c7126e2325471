package i18n

// The portal's words about making keys and looking at assertions.
var (
	PortalKeyFile      = def("portal.key_file", "Or a file with it", "或上传文件")
	PortalKeyFileHelp  = def("portal.key_file_help", "JWK, PEM or a certificate. A certificate's end becomes the credential's.", "JWK、PEM 或证书。使用证书时，证书到期日即凭证到期日。")
	PortalKeyTwice     = def("portal.key_twice", "Paste it or choose a file, not both.", "粘贴或选择文件，二选一。")
	PortalMake         = def("portal.make", "Make a pair here", "在此生成密钥对")
	PortalMakeText     = def("portal.make_text", "Your browser makes it. The private key is downloaded to you and sent nowhere; the public one goes into the form.", "由浏览器生成。私钥下载到本机，不会发送；公钥填入表单。")
	PortalMakePEM      = def("portal.make_pem", "Make, private key as PEM", "生成，私钥存为 PEM")
	PortalMakeJWK      = def("portal.make_jwk", "Make, private key as JWK", "生成，私钥存为 JWK")
	PortalMade         = def("portal.made", "Made. The private key is in your downloads: move it to your vault now. The public one is in the form: register it there.", "已生成。私钥已下载，请立即移入保管系统。公钥已填入表单，请在表单中登记。")
	PortalMakeFailed   = def("portal.make_failed", "This browser cannot make keys. Use the commands below.", "此浏览器无法生成密钥，请使用下方命令。")
	PortalCommands     = def("portal.commands", "By command", "使用命令生成")
	PortalCommandsGM   = def("portal.commands_gm", "Browsers have no SM2. Make the pair on your machine, with GmSSL or with OpenSSL 3, then choose the public file. For an encryption key write enc in place of sig.", "浏览器不支持 SM2。请在本机使用 GmSSL 或 OpenSSL 3 生成密钥对，再选择公钥文件。加密密钥的文件名请以 enc 代替 sig。")
	PortalCommandsA256 = def("portal.commands_a256", "Make the pair on your machine, then choose the public file. For an encryption key write enc in place of sig.", "在本机生成密钥对，再选择公钥文件。加密密钥的文件名请以 enc 代替 sig。")
	PortalFit          = def("portal.fit", "Does my private key fit?", "私钥匹配检查")
	PortalFitText      = def("portal.fit_text", "It is looked at in this page alone and sent nowhere.", "只在本页运算，不会上传。")
	PortalFitLabel     = def("portal.fit_label", "Private key, PEM or JWK", "私钥（PEM 或 JWK）")
	PortalFitDo        = def("portal.fit_do", "Compare", "比对")
	PortalFits         = def("portal.fits", "It fits: the same thumbprint.", "匹配：指纹一致。")
	PortalFitsNot      = def("portal.fits_not", "It is another key.", "不匹配：不是同一密钥。")
	PortalFitUnread    = def("portal.fit_unread", "This is no private key on P-256 that this browser reads: want PKCS#8 PEM or a JWK.", "无法读取：需要 P-256 私钥，格式为 PKCS#8 PEM 或 JWK。")
	PortalCheckGood    = def("portal.check_good", "It would be taken, if its jti was not used before and it comes from an address that may call.", "可以通过，前提是 jti 未使用过，且来自允许的地址。")
	PortalCheckBad     = defCount("portal.check_bad", "It would be refused: %d part is wrong.", "It would be refused: %d parts are wrong.", "会被拒绝：%d 项有误。")
	PortalCheckPart    = def("portal.check_part", "Part", "项目")
	PortalCheckSeen    = def("portal.check_seen", "What stands there", "断言内容")
	PortalCheckVerdict = def("portal.check_verdict", "What the gateway says", "网关判断")
	PortalCheckFine    = def("portal.check_fine", "as it must be", "符合要求")
	_                  = def("rule.certificate_over", "This certificate has ended: take a new one.", "该证书已过期，请使用新证书。")
)

// CheckParts are what of an assertion is looked at, by the gateway's name of it.
var CheckParts = map[string]Key{
	"form": def("check.form", "Form", "格式"), "kid": def("check.kid", "Key (kid)", "密钥（kid）"), "alg": def("check.alg", "Algorithm (alg)", "算法（alg）"),
	"sub": def("check.sub", "Who (iss, sub)", "主体（iss、sub）"), "aud": def("check.aud", "For whom (aud)", "受众（aud）"), "exp": def("check.exp", "Times (exp, iat, nbf)", "时间（exp、iat、nbf）"),
	"jti": def("check.jti", "Number (jti)", "编号（jti）"), "signature": def("check.signature", "Signature", "签名"), "client": def("check.client", "Application", "应用"),
}

// CheckReasons say to a partner what is wrong with its assertion, and what to change, by
// the gateway's reason.
var CheckReasons = map[string]Key{
	"assertion_form":            def("check.assertion_form", "This is no signed JWT: want three parts of base64url without padding, two dots between, at most 8 KiB.", "不是已签名的 JWT：应为三段无填充的 base64url，以点分隔，不超过 8 KiB。"),
	"assertion_typ":             def("check.assertion_typ", "typ says that it is a token of another kind: leave it out, or write JWT.", "typ 表明是其他类型的令牌：不写，或写 JWT。"),
	"assertion_claims":          def("check.assertion_claims", "Its claims are not read: want one JSON object, no member twice, aud as one text, times as whole seconds.", "无法读取声明：应为单个 JSON 对象，成员不重复，aud 为单个字符串，时间为整数秒。"),
	"assertion_subject":         def("check.assertion_subject", "iss and sub must both be the client_id.", "iss 与 sub 都应为 client_id。"),
	"other_application":         def("check.other_application", "It is of another client_id than this application's.", "client_id 不是本应用的。"),
	"assertion_audience":        def("check.assertion_audience", "aud must be exactly the gateway's issuer, as the application's page shows it.", "aud 应与应用页面显示的网关 issuer 完全一致。"),
	"assertion_without_exp":     def("check.assertion_without_exp", "exp is missing.", "缺少 exp。"),
	"assertion_expired":         def("check.assertion_expired", "It has expired. Make one for each request, and set your server's clock.", "已过期。每次请求应新建断言，并校准服务器时钟。"),
	"assertion_exp_too_far":     def("check.assertion_exp_too_far", "exp lies more than 5 minutes ahead.", "exp 超过当前时间 5 分钟以上。"),
	"assertion_from_the_future": def("check.assertion_from_the_future", "iat lies ahead: your server's clock is fast.", "iat 晚于当前时间：服务器时钟偏快。"),
	"assertion_not_yet":         def("check.assertion_not_yet", "nbf lies ahead: your server's clock is fast.", "nbf 晚于当前时间：服务器时钟偏快。"),
	"assertion_before_restore":  def("check.assertion_before_restore", "The gateway was restored a few minutes ago: make a new one.", "网关几分钟前恢复过，请新建断言。"),
	"assertion_jti":             def("check.assertion_jti", "jti is missing, longer than 128 characters, or holds NUL.", "jti 缺失、超过 128 个字符或含有 NUL。"),
	"unknown_kid":               def("check.unknown_kid", "No live signature key of this application has this kid.", "本应用没有该 kid 的有效签名公钥。"),
	"key_frozen":                def("check.key_frozen", "This key is frozen: sign with another, or thaw it on its page.", "该密钥已冻结：请改用其他密钥，或在密钥页面解冻。"),
	"key_ended":                 def("check.key_ended", "This key has ended: this server still uses the old one.", "该密钥已终止：此服务器仍在使用旧密钥。"),
	"sandbox_key":               def("check.sandbox_key", "This is a key of your sandbox: production has keys of its own.", "这是沙箱密钥：生产环境使用单独的密钥。"),
	"production_key":            def("check.production_key", "This is a key of your production: the sandbox has keys of its own.", "这是生产密钥：沙箱使用单独的密钥。"),
	"other_algorithm":           def("check.other_algorithm", "The key of this kid signs with another algorithm.", "该 kid 的密钥使用其他算法签名。"),
	"key_of_other_suite":        def("check.key_of_other_suite", "The key is one of another suite than the application's.", "密钥的密码套件与应用不同。"),
	"bad_signature":             def("check.bad_signature", "The signature does not verify: signed with another private key, or changed on the way. ES256 signs r and s, 64 octets, not DER.", "签名验证失败：使用了其他私钥，或内容被改动。ES256 签名为 r、s 共 64 字节，不是 DER。"),
	"wrong_method":              def("check.wrong_method", "The application authenticates by a secret, not by an assertion.", "该应用使用客户端密钥认证，不使用断言。"),
	"not_active":                def("check.not_active", "The application or your company is not active.", "应用或你的公司未启用。"),
	"frozen":                    def("check.frozen", "The bank has frozen the application or your company.", "应用或你的公司已被银行冻结。"),
}
