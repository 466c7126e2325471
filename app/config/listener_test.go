package config_test

import (
	"testing"

	"postern/app/config"
)

func TestAListenerIsReachedFromItsOwnMachine(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"127.0.0.1:8081":    "127.0.0.1:8081",
		"10.0.4.17:8081":    "10.0.4.17:8081",
		"0.0.0.0:8081":      "127.0.0.1:8081",
		":8081":             "127.0.0.1:8081",
		"[::]:8081":         "[::1]:8081",
		"[2001:db8::1]:443": "[2001:db8::1]:443",
		"gateway:8081":      "gateway:8081",
	} {
		clear := config.Listener{Address: address}
		if got := clear.OwnURL(); got != "http://"+want {
			t.Errorf("%s: %s", address, got)
		}
		sealed := config.Listener{Address: address, TLS: config.TLS{Cert: "tls.crt", Key: "tls.key"}}
		if got := sealed.OwnURL(); got != "https://"+want {
			t.Errorf("%s over TLS: %s", address, got)
		}
	}
}
