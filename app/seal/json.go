package seal

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep objects and arrays may nest.
const maxDepth = 32

// DecodeObject decodes data into v, a pointer to a struct with `json` tags. data
// must be exactly one JSON object in UTF-8 with no name twice at any depth,
// nested at most 32 deep, without byte order mark, nothing but white space around
// it (protocol section 2; RFC 8259 section 4 leaves repeated names open). Names
// are case-sensitive and unknown ones are ignored. The error is ErrEnvelope with
// the reason "json" and does not quote the data; v is then of no use.
func DecodeObject(data []byte, v any) error {
	if !startsObject(data) || tooDeep(data) {
		return errJSON
	}
	if err := json.Unmarshal(data, v); err != nil {
		return errJSON
	}
	return nil
}

func startsObject(data []byte) bool {
	for _, char := range data {
		switch char {
		case ' ', '\t', '\r', '\n':
		default:
			return char == '{'
		}
	}
	return false
}

// tooDeep counts brackets outside strings. On text that is not JSON its answer
// means nothing, and the decoder refuses that anyway.
func tooDeep(data []byte) bool {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = endOfString(data, i)
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// endOfString is the index of the quote that closes the string at start.
func endOfString(data []byte, start int) int {
	for i := start + 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(data)
}

// Integer is a JSON number of at most 18 digits, written without fraction or
// exponent; protocol section 2 demands it of iat. 1.0, 1e3 and "1" are refused.
type Integer int64

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *Integer) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	value, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	parsed, ok := parseInteger(value)
	if !ok {
		return errJSON
	}
	*n = Integer(parsed)
	return nil
}

// parseInteger reads -?[0-9]+; the decoder has refused leading zeros.
func parseInteger(text []byte) (int64, bool) {
	digits := text
	negative := len(text) > 1 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if len(digits) == 0 || len(digits) > 18 { // 18 nines are below 2^63
		return 0, false
	}
	var n int64
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + int64(digit-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// ValidID reports whether s is an identifier of the protocol (jti, vid, sid): 22
// base64url characters that encode 16 octets, with zero trailing bits.
func ValidID(s string) bool {
	if len(s) != 22 {
		return false
	}
	var space [16]byte
	_, ok := appendDecoded(space[:0], []byte(s))
	return ok
}
