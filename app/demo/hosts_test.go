package demo_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestOnlyThisMachinesNamesAreAnswered(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir())
	for _, address := range []string{d.URL(), d.PageURL(), d.BankURL() + "/loans/offers"} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			host    string
			refused bool
		}{
			{"localhost:" + u.Port(), false},
			{"127.0.0.1:" + u.Port(), false},
			{"[::1]:" + u.Port(), false},
			{"localhost", true},
			{"localhost:1", true},
			{"rebound.example:" + u.Port(), true},
			{"localhost.rebound.example:" + u.Port(), true},
		} {
			t.Run(u.Port()+u.Path+" as "+tc.host, func(t *testing.T) {
				t.Parallel()
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(address, "localhost", "127.0.0.1", 1), http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				request.Host = tc.host
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				_ = answer.Body.Close()
				if refused := answer.StatusCode == http.StatusMisdirectedRequest; refused != tc.refused {
					t.Errorf("status %d", answer.StatusCode)
				}
			})
		}
	}
}
