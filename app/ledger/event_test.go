package ledger_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// fixedRand gives the octets 0, 1, 2, …
type fixedRand struct{}

func (fixedRand) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

func TestCanonicalBody(t *testing.T) {
	t.Parallel()
	l := open(t, storetest.SQLite(t), func(o *ledger.Options) { o.Rand = fixedRand{} })
	for _, c := range []struct {
		name  string
		event ledger.Event
		want  string
	}{
		{
			"has its members in one order and sorted details",
			ledger.Event{
				Kind: "at.refused", Outcome: "invalid_client", Reason: "bad_signature", RequestID: "r", PartnerID: "p",
				ApplicationID: "a", ServiceID: "s", VID: "v", Alarm: true, Detail: map[string]string{"b": "2", "a": "1"},
			},
			`{"id":"01a202b2-c500-7001-8203-040506070809","at":1795341600000,"kind":"at.refused","outcome":"invalid_client",` +
				`"reason":"bad_signature","request_id":"r","partner_id":"p","application_id":"a","service_id":"s","vid":"v",` +
				`"alarm":true,"detail":{"a":"1","b":"2"}}`,
		},
		{
			"leaves empty members out and escapes what JSON needs",
			ledger.Event{Kind: "k", Outcome: "ok", Reason: "a\"b\\c\nd\x7f中<"},
			"{\"id\":\"01a202b2-c500-7001-8203-040506070809\",\"at\":1795341600000,\"kind\":\"k\",\"outcome\":\"ok\"," +
				"\"reason\":\"a\\\"b\\\\c\\u000ad\x7f中<\"}",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := l.Make(c.event)
			if err != nil {
				t.Fatal(err)
			}
			if got.Body != c.want {
				t.Errorf("body:\n got %s\nwant %s", got.Body, c.want)
			}
			// RFC 6962 section 2.1.
			sum := sha256.Sum256(append([]byte{0}, got.Body...))
			if want := base64.RawURLEncoding.EncodeToString(sum[:]); got.LeafHash != want {
				t.Errorf("leaf hash: got %s, want %s", got.LeafHash, want)
			}
		})
	}
}

func TestHostileTextIsStoredAndStaysJSON(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		event := ledger.Event{Kind: "test", Outcome: "ok", Reason: "nul\x00 bad\xff\"}\r\n\x1b[31m", Detail: map[string]string{"k\x00": "\xfe"}}
		if err := l.Append(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		stmt, err := s.ReadStmt(t.Context(), "SELECT body, reason FROM events WHERE kind = ?")
		if err != nil {
			t.Fatal(err)
		}
		var body []byte
		var reason string
		if err := stmt.QueryRow("test").Scan(&body, &reason); err != nil {
			t.Fatal(err)
		}
		var read struct {
			Reason string
			Detail map[string]string
		}
		if err := json.Unmarshal(body, &read); err != nil {
			t.Fatalf("body %q: %v", body, err)
		}
		const want = "nul\uFFFD bad\uFFFD\"}\r\n\x1b[31m"
		if read.Reason != want || reason != want || read.Detail["k\uFFFD"] != "\uFFFD" {
			t.Errorf("got %q and %q and %q, want %q", read.Reason, reason, read.Detail, want)
		}
		if bytes.ContainsAny(body, "\x00\r\n\x1b") {
			t.Errorf("body holds control characters: %q", body)
		}
	})
}

func FuzzCanonicalBodyIsOneJSONObject(f *testing.F) {
	l := open(f, storetest.SQLite(f))
	f.Add("reason", "name", "value")
	f.Add("\"\\\x00\u2028", "\xff", "</script>")
	f.Fuzz(func(t *testing.T, reason, name, value string) {
		made, err := l.Make(ledger.Event{Kind: "k", Outcome: "ok", Reason: reason, Detail: map[string]string{name: value}})
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]any
		if err := json.Unmarshal([]byte(made.Body), &members); err != nil {
			t.Fatalf("%q: %v", made.Body, err)
		}
		want := 5
		if reason != "" {
			want++
		}
		if len(members) != want || members["at"] != float64(testTime.UnixMilli()) {
			t.Errorf("members of %q: got %d, want %d", made.Body, len(members), want)
		}
	})
}

func TestIDsSortByTime(t *testing.T) {
	t.Parallel()
	now := testTime
	l := open(t, storetest.SQLite(t), func(o *ledger.Options) { o.Now = func() time.Time { return now } })
	var last string
	for range 100 {
		now = now.Add(time.Millisecond)
		made, err := l.Make(ledger.Event{Kind: "k", Outcome: "ok"})
		if err != nil {
			t.Fatal(err)
		}
		if made.ID <= last {
			t.Fatalf("id %s is not after %s", made.ID, last)
		}
		last = made.ID
	}
}

func TestARowThatWasChangedShows(t *testing.T) {
	t.Parallel()
	made, err := ledger.Make(ledger.Event{
		Kind: "k", Outcome: "ok", Actor: "a\"\n", From: ledger.Origin{Role: "audit", Address: "192.0.2.1"}, Alarm: true, Detail: map[string]string{"b": "1", "a": "\u2028<"},
	}, time.UnixMilli(7), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	seq := int64(3)
	made.Seq = &seq // which no event has when it is hashed
	if err := ledger.Check(made); err != nil {
		t.Fatal(err)
	}
	rehashed := func(body string) func(*models.Event) {
		return func(e *models.Event) {
			sum := sha256.Sum256(append([]byte{0}, body...))
			e.Body, e.LeafHash = body, base64.RawURLEncoding.EncodeToString(sum[:])
		}
	}
	for name, tc := range map[string]struct {
		change func(*models.Event)
		want   error
	}{
		"a column":                            {func(e *models.Event) { e.Actor = "b" }, ledger.ErrColumns},
		"a time":                              {func(e *models.Event) { e.At++ }, ledger.ErrColumns},
		"a body":                              {func(e *models.Event) { e.Body += " " }, ledger.ErrLeafHash},
		"a body with its hash":                {rehashed(strings.Replace(made.Body, `"at":7`, `"at":7.0`, 1)), ledger.ErrNotCanonical},
		"a body that is no JSON":              {rehashed("{"), ledger.ErrNotCanonical},
		"an escape that need not be":          {rehashed(strings.Replace(made.Body, "audit", `\u0061udit`, 1)), ledger.ErrNotCanonical},
		"a member that a later release added": {rehashed(strings.Replace(made.Body, `,"detail"`, `,"later":"x","detail"`, 1)), nil},
	} {
		changed := made
		tc.change(&changed)
		if err := ledger.Check(changed); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}
