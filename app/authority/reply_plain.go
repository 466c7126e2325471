package authority

import (
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// freshTicket is what a reply carries when the visit's ticket changed.
type freshTicket struct {
	VT, SID   string
	ExpiresIn int64
}

// callReply is the plaintext of a reply. It is written by hand: the body is
// JSON already, and its numbers keep their digits.
type callReply struct {
	JTI        string
	Status     int
	Headers    map[string]string
	Body       []byte // JSON; nil when Raw is set
	Raw        string // standard base64
	Fresh      *freshTicket
	Lacking    []string // scopes that wait for a consent, and so show less
	ServerTime int64
}

func (r callReply) encode() []byte {
	b := make([]byte, 0, len(r.Body)+len(r.Raw)+512)
	b = append(b, `{"jti":"`...)
	b = append(b, r.JTI...)
	b = append(b, `","status":`...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	b = appendHeaders(b, r.Headers)
	if r.Body != nil {
		b = append(append(b, `,"body":`...), r.Body...)
	} else {
		b = append(append(append(b, `,"body_b64":"`...), r.Raw...), '"')
	}
	if f := r.Fresh; f != nil {
		b = append(append(append(b, `,"vt":"`...), f.VT...), `","sid":"`...)
		b = append(append(b, f.SID...), `","expires_in":`...)
		b = strconv.AppendInt(b, f.ExpiresIn, 10)
	}
	b = appendTexts(b, `,"consent_required":`, r.Lacking)
	b = append(b, `,"server_time":`...)
	b = strconv.AppendInt(b, r.ServerTime, 10)
	return append(b, '}')
}

// appendHeaders writes the member "headers", names sorted; nothing when there
// are none. Only printable ASCII gets here, from the upstream package's
// allow-list, so quoting can't fail.
func appendHeaders(b []byte, headers map[string]string) []byte {
	if len(headers) == 0 {
		return b
	}
	b = append(b, `,"headers":`...)
	before := byte('{')
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		b = append(b, before)
		b, _ = jsontext.AppendQuote(b, name)
		b = append(b, ':')
		b, _ = jsontext.AppendQuote(b, headers[name])
		before = ','
	}
	return append(b, '}')
}

// appendTexts writes a member that is a list; nothing when it is empty.
func appendTexts(b []byte, member string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, member...)
	before := byte('[')
	for _, text := range list {
		b = append(b, before)
		b, _ = jsontext.AppendQuote(b, text) // ids of scopes are ASCII
		before = ','
	}
	return append(b, ']')
}
