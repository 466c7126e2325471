package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"postern/app/web"
)

func cursors(key string) web.Cursors {
	return web.Cursors{MAC: func(text string) string {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(text))
		return hex.EncodeToString(h.Sum(nil))
	}}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	k := cursors("one")
	made := k.Make("log", "older", "01a2-7")
	if at, err := k.Open("log", made, 2); err != nil || !slices.Equal(at, []string{"older", "01a2-7"}) {
		t.Fatalf("got %v, %v", at, err)
	}
	body, mac, _ := strings.Cut(made, ".")
	for name, c := range map[string]struct {
		list, cursor string
		parts        int
	}{
		"of another list":     {"staff", made, 2},
		"with too few parts":  {"log", made, 3},
		"of another key":      {"log", cursors("two").Make("log", "older", "01a2-7"), 2},
		"without a proof":     {"log", body, 2},
		"with half a proof":   {"log", made[:len(made)-2], 2},
		"with another body":   {"log", body[:len(body)-1] + "A." + mac, 2},
		"empty":               {"log", "", 2},
		"too long":            {"log", k.Make("log", "older", strings.Repeat("x", 2000)), 2},
		"of a list that lies": {"log", k.Make("log\",\"a\":[\"", "older", "x"), 2},
	} {
		if _, err := k.Open(c.list, c.cursor, c.parts); !errors.Is(err, web.ErrCursor) {
			t.Errorf("a cursor %s: %v", name, err)
		}
	}
}

func FuzzCursors(f *testing.F) {
	k := cursors("one")
	f.Add(k.Make("log", "older", "x"))
	f.Add("e30.")
	f.Fuzz(func(t *testing.T, cursor string) {
		if at, err := k.Open("log", cursor, 2); err == nil && k.Make("log", at...) != cursor {
			t.Errorf("%q was taken and never made", cursor)
		}
	})
}
