// Package consents keeps who agreed to what (PIPL articles 14, 15, 23 and 29):
// gives, finds and withdraws consents, each row in one transaction with the event
// that tells of it, on disk before anybody is answered.
//
// It does not decide what may be agreed to or what a consent opens: the authority
// does. It sees people as HMACs only and knows no key and no HTTP. Its entry is
// Registry.
package consents
