package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// ErrTooLarge says that a body is over its limit.
var ErrTooLarge = errors.New("body is over the limit")

// Body reads the whole body, at most limit octets; ErrTooLarge beyond. A body
// that announces too much is not read at all.
func Body(c *gin.Context, limit int64) ([]byte, error) {
	if c.Request.ContentLength > limit {
		c.Header("Connection", "close")
		return nil, ErrTooLarge
	}
	body, err := readAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit), c.Request.ContentLength)
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, ErrTooLarge
	}
	return body, err
}

// believed bounds how much room an announced length gets before its octets have come.
const believed = 64 << 10

// readAll is io.ReadAll with room for the announced length from the start.
func readAll(r io.Reader, announced int64) ([]byte, error) {
	if announced < 0 || announced > believed {
		return io.ReadAll(r)
	}
	// One octet more, so that the end is seen without growing.
	body := make([]byte, 0, announced+1)
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return body, err
		}
		if len(body) == cap(body) { // net/http gives no more than was announced
			return body, io.ErrUnexpectedEOF
		}
	}
}
