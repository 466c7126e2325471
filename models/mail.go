package models

import "regexp"

// maxMail is how long an address for mail may be, octets: RFC 5321 section
// 4.5.3.1.3, without its brackets.
const maxMail = 254

// Plain ASCII: nothing in it ends a line or quotes, so that it may stand in a header.
var mailAddress = regexp.MustCompile("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$")

// MailAddress reports whether text is an address for mail: name@domain, with
// nothing around it.
func MailAddress(text string) bool { return len(text) <= maxMail && mailAddress.MatchString(text) }
