package web

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"postern/app/errs"
)

// ErrCursor refuses a place in a list that this house did not hand out.
var ErrCursor = errs.New(errs.Invalid, "cursor", "This is not a place in this list.")

// Cursors hand out places in lists that are read by key, and know them again on
// every node: what a browser sends back is authenticated before a query sees it.
type Cursors struct {
	// MAC authenticates a text under a key that all nodes share.
	MAC func(text string) string
}

// place is what a cursor says. List keeps a place of one list out of another.
type place struct {
	List string   `json:"l"`
	At   []string `json:"a"`
}

// Make makes the cursor of a place in a list.
func (k Cursors) Make(list string, at ...string) string {
	text, err := json.Marshal(place{list, at})
	if err != nil { // strings always encode
		return ""
	}
	body := base64.RawURLEncoding.EncodeToString(text)
	return body + "." + k.MAC(body)
}

// maxCursor bounds a cursor, octets.
const maxCursor = 1024

// Open reads the cursor of a place in a list that has so many parts. ErrCursor
// if it was not made for this list by this house.
func (k Cursors) Open(list, cursor string, parts int) ([]string, error) {
	body, mac, found := strings.Cut(cursor, ".")
	if !found || len(cursor) > maxCursor || !hmac.Equal([]byte(mac), []byte(k.MAC(body))) {
		return nil, ErrCursor
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return nil, ErrCursor
	}
	var p place
	if err := json.Unmarshal(text, &p); err != nil || p.List != list || len(p.At) != parts {
		return nil, ErrCursor
	}
	return p.At, nil
}

// MakeNumber makes the cursor of a place that is a number.
func (k Cursors) MakeNumber(list string, at int64) string {
	return k.Make(list, strconv.FormatInt(at, 10))
}

// Number reads the cursor of a place that is a number; 0, the beginning, for none.
// ErrCursor as of Open.
func (k Cursors) Number(list, cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	at, err := k.Open(list, cursor, 1)
	if err != nil {
		return 0, err
	}
	number, err := strconv.ParseInt(at[0], 10, 64)
	if err != nil {
		return 0, ErrCursor
	}
	return number, nil
}
