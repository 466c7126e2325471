package apptest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Offers is what the bank's system answers to GET /loans/offers.
const Offers = `{"offer":{"limit":186000.00,"rate":"3.85","score":712},"holder":{"name":"周一帆","phone":"13812346027","id_no":"310101199001011234"},"internal":{"node":"core-7"}}`

// Seen is one request that reached the bank's system.
type Seen struct {
	Method, URI string
	Header      http.Header
	Body        string
}

// Bank plays the bank's system. Tests set Answer to change what it says.
type Bank struct {
	URL    string
	mu     sync.Mutex
	seen   []Seen
	answer http.HandlerFunc
}

func newBank(t testing.TB) *Bank {
	b := &Bank{answer: answer}
	s := httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(s.Close)
	b.URL = s.URL
	return b
}

// Answer makes the bank answer everything with h from now on.
func (b *Bank) Answer(h http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = h
}

// Seen lists what reached the bank, oldest first.
func (b *Bank) Seen() []Seen {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Seen(nil), b.seen...)
}

func (b *Bank) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.seen = append(b.seen, Seen{Method: r.Method, URI: r.RequestURI, Header: r.Header.Clone(), Body: string(body)})
	h := b.answer
	b.mu.Unlock()
	h(w, r)
}

func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/loans/offers":
		_, _ = io.WriteString(w, Offers)
	case "/loans/applications":
		_, _ = io.WriteString(w, `{"application_id":"A-1"}`)
	case "/session/sign-in":
		w.Header().Set("Postern-Customer", "c-81")
		_, _ = io.WriteString(w, `{"signed_in":true}`)
	case "/me/accounts":
		_, _ = io.WriteString(w, `{"accounts":[{"no":"6222021001110018","balance":5}]}`)
	default:
		_, _ = io.WriteString(w, `{"balance":"1024.50","owner":"x"}`)
	}
}
