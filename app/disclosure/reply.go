package disclosure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrReply reports a reply that is not strict JSON and so does not leave: empty, cut short, with
// a byte order mark, trailing octets, invalid UTF-8 or unpaired surrogates, a member name twice
// in one object, or more than 32 levels deep. The wrapping error names the reason and never a
// piece of the reply.
var ErrReply = errors.New("reply is not strict JSON")

// ErrTooLarge reports a reduced reply beyond the caller's limit.
var ErrTooLarge = errors.New("reduced reply is too large")

// The reasons for ErrReply.
const (
	reasonEmpty     = "empty"
	reasonMark      = "byte order mark"
	reasonTruncated = "cut short"
	reasonTrailing  = "trailing octets"
	reasonText      = "invalid UTF-8"
	reasonDuplicate = "a name twice in one object"
	reasonDeep      = "nested too deep"
	reasonSyntax    = "syntax"
)

func refuse(reason string) error {
	return fmt.Errorf("%w: %s", ErrReply, reason)
}

// syntaxError turns what the decoder reported into one of our reasons: its own text quotes names
// and characters of the reply.
func syntaxError(body []byte, err error) error {
	switch {
	case bytes.HasPrefix(body, []byte("\ufeff")):
		return refuse(reasonMark)
	case errors.Is(err, jsontext.ErrDuplicateName):
		return refuse(reasonDuplicate)
	case errors.Is(err, io.EOF):
		return refuse(reasonEmpty)
	case !utf8.Valid(body):
		return refuse(reasonText)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse(reasonTruncated)
	default:
		return refuse(reasonSyntax)
	}
}
