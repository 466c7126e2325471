package authority

import (
	"encoding/json"
	"strconv"
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
	ServerTime int64
}

func (r callReply) encode() []byte {
	b := make([]byte, 0, len(r.Body)+len(r.Raw)+512)
	b = append(b, `{"jti":"`...)
	b = append(b, r.JTI...)
	b = append(b, `","status":`...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	if len(r.Headers) > 0 {
		// Only the upstream package's allow-list gets here; plain strings encode.
		if h, err := json.Marshal(r.Headers); err == nil {
			b = append(append(b, `,"headers":`...), h...)
		}
	}
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
	b = append(b, `,"server_time":`...)
	b = strconv.AppendInt(b, r.ServerTime, 10)
	return append(b, '}')
}
