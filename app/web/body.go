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
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, ErrTooLarge
	}
	return body, err
}
