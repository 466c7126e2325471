package web

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/gin-gonic/gin"
)

const requestIDKey = "request_id"

// RequestID is the id of the request: 26 characters, sortable by time. It is
// always ours: nobody outside may choose what the log is searched by.
func RequestID(c *gin.Context) string { return c.GetString(requestIDKey) }

func requestID(o Options) gin.HandlerFunc {
	return func(c *gin.Context) {
		id := newRequestID(o.Now(), o.Rand)
		c.Set(requestIDKey, id)
		c.Header("X-Request-Id", id)
		c.Header("X-Content-Type-Options", "nosniff")
		c.Header("Referrer-Policy", "no-referrer")
		c.Next()
	}
}

// crockford is the alphabet of ULIDs: no I, L, O or U to misread on the phone.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newRequestID makes a ULID: 48 bits of Unix milliseconds and 80 random bits.
// Without randomness it still counts time; it is a name, not a secret.
func newRequestID(now time.Time, rand io.Reader) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = io.ReadFull(rand, b[6:])
	var id [26]byte
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	for i := 25; i >= 0; i-- {
		id[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(id[:])
}
