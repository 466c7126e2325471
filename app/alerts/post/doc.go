// Package post carries messages to people outside: by mail, to a program of the
// bank's, to a robot of WeCom or DingTalk.
//
// It owns how each of them is spoken to and how a message is signed. It knows
// nothing of rules, keeps nothing, and tries once: when to send again is its
// caller's business. No error of it holds an address with a key, a secret or a
// password, and it follows no redirect.
package post
