package webhooks

import (
	"net/netip"
	"strings"
	"testing"
)

// What messages must not go to, however it is written.
func TestAddressesThatAreNotPublicAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3", "192.0.0.8", "198.18.0.1", "224.0.0.1",
		"255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "203.0.113.7", "fec0::1", "5f00::1",
	} {
		if public(netip.MustParseAddr(text)) {
			t.Errorf("%s counts as public", text)
		}
		port := ":443"
		address := text + port
		if strings.Contains(text, ":") {
			address = "[" + text + "]" + port
		}
		if err := refuse("tcp", address, nil); err == nil {
			t.Errorf("a connection to %s is let through", address)
		}
		if f := CheckURL("https://"+strings.TrimSuffix(address, port)+"/x", false); len(f) == 0 {
			t.Errorf("https://%s/x may be typed", address)
		}
	}
	for _, text := range []string{"8.8.8.8", "1.1.1.1", "223.5.5.5", "2400:3200::1", "2606:4700:4700::1111"} {
		if !public(netip.MustParseAddr(text)) {
			t.Errorf("%s does not count as public", text)
		}
	}
	if err := refuse("tcp", "fe80::1%eth0", nil); err == nil {
		t.Error("what is no address is let through")
	}
}

func TestAddressesAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "http://hooks.example.com/x", "https:///x", "https://user:secret@hooks.example.com/x", "https://hooks.example.com/x#part", "ftp://hooks.example.com/", "https://localhost/x",
		"https://LOCALHOST./x", "https://db/x", "https://printer.local/x", "https://vault.internal/x", "https://2130706433/x", "https://0x7f000001/x", "https://127.1/x", "https://0177.0.0.1/x", "https://0x7f.1/x",
		"https://[::1]/x", "javascript:alert(1)", "//hooks.example.com/x", "https://hooks.example.com/" + strings.Repeat("x", maxURL), "https://api.localhost/x",
	} {
		if f := CheckURL(text, false); len(f) == 0 {
			t.Errorf("%q may be typed", text)
		}
	}
	for _, text := range []string{"https://hooks.example.com/x", "https://hooks.example.com:8443/x?a=b", "https://8.8.8.8/x", "https://xn--fiq228c.example.com/"} {
		if f := CheckURL(text, false); len(f) != 0 {
			t.Errorf("%q may not be typed: %v", text, f)
		}
	}
	if f := CheckURL("http://127.0.0.1:8090/x", true); len(f) != 0 {
		t.Errorf("a demo's own address may not be typed: %v", f)
	}
}
