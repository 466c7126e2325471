package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
)

// Options are what an engine works with.
type Options struct {
	Log            *slog.Logger
	Now            func() time.Time
	Rand           io.Reader
	TrustedProxies []netip.Prefix // who may say whom a request comes from; empty by default
	Observe        func(Served)   // told of each request; may be nil
}

// Served is what came of one request, for metrics.
type Served struct {
	Method, Route string
	Status        int
	Took          time.Duration
}

// New returns an engine without routes. Panics become a 500 that says nothing
// but the request id.
func New(o Options) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.RemoveExtraSlash = false
	e.UseRawPath = true
	if err := e.SetTrustedProxies(prefixes(o.TrustedProxies)); err != nil {
		return nil, err
	}
	e.Use(requestID(o), logged(o), recovered(o))
	e.NoRoute(func(c *gin.Context) { c.String(http.StatusNotFound, "not found\n") })
	e.NoMethod(func(c *gin.Context) { c.String(http.StatusMethodNotAllowed, "method not allowed\n") })
	return e, nil
}

func prefixes(list []netip.Prefix) []string {
	var text []string // nil trusts nobody
	for _, p := range list {
		text = append(text, p.String())
	}
	return text
}

// ClientAddress is the peer, or what a trusted proxy says it is.
func ClientAddress(c *gin.Context) netip.Addr {
	addr, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// plannedKey marks a request whose answer of 500 or more is no fault.
const plannedKey = "postern.planned"

// Planned says that the answer is as the bank has planned it, however its status
// reads: a service that is closed for the night must not wake anybody.
func Planned(c *gin.Context) { c.Set(plannedKey, true) }

// logged writes one line per request: Info, and Error from 500 on if that was
// not planned.
func logged(o Options) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := o.Now()
		c.Next()
		s := Served{Method: c.Request.Method, Route: c.FullPath(), Status: c.Writer.Status(), Took: o.Now().Sub(start)}
		if o.Observe != nil {
			o.Observe(s)
		}
		level := slog.LevelInfo
		if s.Status >= http.StatusInternalServerError && !c.GetBool(plannedKey) {
			level = slog.LevelError
		}
		if !o.Log.Enabled(c.Request.Context(), level) {
			return
		}
		o.Log.LogAttrs(c.Request.Context(), level, "request served",
			slog.String("request_id", RequestID(c)), slog.String("method", s.Method), slog.String("route", s.Route),
			slog.Int("status", s.Status), slog.Float64("took_ms", float64(s.Took.Microseconds())/1000))
	}
}

// recovered turns a panic into a 500. The panic's value is logged: it is a
// fault of ours and carries no request data that gin would add.
func recovered(o Options) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler {
				panic(p)
			}
			o.Log.ErrorContext(c.Request.Context(), "handler panicked",
				slog.String("request_id", RequestID(c)), slog.String("route", c.FullPath()), slog.Any("panic", p))
			c.AbortWithStatus(http.StatusInternalServerError)
		}()
		c.Next()
	}
}
