package models_test

import (
	"strings"
	"testing"

	"postern/models"
)

func TestMailAddress(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"lin.tao@bank.example", "a+b@x-y.bank.example"} {
		if !models.MailAddress(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "lin", "lin@bank", "lin@", "@bank.example", "Lin <lin@bank.example>", "lin@bank.example\r\nBcc: x@evil.example", "lin@bank.example\n",
		"a b@bank.example", "lin@bank..example", "lin@bank.example,x@evil.example", "林@bank.example", "\x00a@bank.example",
		strings.Repeat("a", 250) + "@bank.example",
	} {
		if models.MailAddress(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}
