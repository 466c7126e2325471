package feeds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// lineStart is how every line begins.
const lineStart = `{"seq":`

// line is one JSON object without a line feed:
//
//	{"seq":7,"epoch":0,"leaf_hash":"…","event":{…}}
//
// event is the event's canonical body, octet by octet, so that leaf_hash can be
// computed again. A body that somebody has made no JSON in the database comes as
// a string, and breaks no line.
func (r record) line() []byte {
	event := []byte(r.Body)
	if !json.Valid(event) || bytes.ContainsAny(event, "\r\n") {
		event = quoted(r.Body)
	}
	return r.frame(`"event":`, event)
}

// shortLine stands for an event that is too long for a message: whoever wants
// it finds it in the ledger by its id.
func (r record) shortLine() []byte {
	return r.frame(`"omitted":`, fmt.Appendf(nil, `{"id":%s,"octets":%d}`, quoted(r.ID), len(r.Body)))
}

func (r record) frame(name string, value []byte) []byte {
	b := make([]byte, 0, len(value)+128)
	b = append(b, lineStart...)
	b = strconv.AppendInt(b, *r.Seq, 10)
	b = append(b, `,"epoch":`...)
	b = strconv.AppendInt(b, r.epoch, 10)
	b = append(b, `,"leaf_hash":`...)
	b = append(b, quoted(r.LeafHash)...)
	b = append(b, ',')
	b = append(b, name...)
	b = append(b, value...)
	return append(b, '}')
}

func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return b
}

// Priorities of RFC 5424 section 6.2.1: facility 13, log audit.
const (
	notice = 13*8 + 5
	alert  = 13*8 + 1
)

// maxMessage bounds a message. RFC 5425 section 4.3.1 asks receivers for 8,192
// octets, which nearly every event fits; what is longer most take, too.
const maxMessage = 64 << 10

// message is a syslog message (RFC 5424 section 6) with the line as its text,
// framed by its length (RFC 5425 section 4.3).
func (r record) message(node string) []byte {
	priority := notice
	if r.Alarm {
		priority = alert
	}
	head := fmt.Sprintf("<%d>1 %s %s postern - %s - ", priority,
		time.UnixMilli(r.At).UTC().Format("2006-01-02T15:04:05.000Z"), word(node, 255), word(r.Kind, 32))
	text := r.line()
	if len(head)+len(text) > maxMessage {
		text = r.shortLine()
	}
	b := make([]byte, 0, len(head)+len(text)+8)
	b = strconv.AppendInt(b, int64(len(head)+len(text)), 10)
	b = append(b, ' ')
	b = append(b, head...)
	return append(b, text...)
}

// word is what a field of a message's header may be: printable ASCII without
// blanks, of a length (RFC 5424 section 6); "-" for nothing.
func word(text string, most int) string {
	text = strings.Map(func(c rune) rune {
		if c <= ' ' || c > '~' {
			return '_'
		}
		return c
	}, text)
	if text == "" {
		return "-"
	}
	return text[:min(len(text), most)]
}
