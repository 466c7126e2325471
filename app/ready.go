package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/control"
	"postern/models"
)

// check is one thing that must hold for the node to serve.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// pingTimeout is how long the database may take to answer and to write: whoever
// asks for readiness waits seconds at most.
const pingTimeout = 2 * time.Second

// Leave makes the node say that it is not ready, so that balancers turn away
// from it. It serves on: what follows is the caller's.
func (a *App) Leave() { a.leaving.Store(true) }

// checks look at everything that readiness asks for.
func (a *App) checks(ctx context.Context) []check {
	queued, capacity := a.ledger.Depth()
	list := []check{
		{"feed", !a.feed.Stale(), fmt.Sprintf("changes are followed up to %s ago", a.feed.Age().Round(time.Millisecond))},
		{"ledger", queued < capacity, fmt.Sprintf("%d of %d entries wait", queued, capacity)},
		{"database", true, "answers"},
		{"clock", true, "not behind the newest event"},
		{"stopping", true, "no"},
	}
	if problem := a.evidence.Anchor(); a.evidence.Configured() {
		list = append(list, check{"evidence", problem.State != models.AnchorDiffers, anchorWords(problem)})
	}
	if lags := a.feeds.Lags(); len(lags) > 0 {
		list = append(list, check{"feeds of events", true, a.behind(lags)})
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		list[2] = check{"database", false, err.Error()}
	}
	if err := a.ledger.Probe(ctx); err != nil {
		list[1] = check{"ledger", false, "cannot write, so nothing is issued: " + err.Error()}
	}
	if a.ledger.ClockBehind() {
		list[3] = check{"clock", false, "behind the newest event, so nothing is issued"}
	}
	if a.feed.Replaced() {
		list[0] = check{"feed", false, control.ErrRestored.Error()}
	}
	if a.leaving.Load() {
		list[4] = check{"stopping", false, "the node is about to stop"}
	}
	return list
}

// anchorWords says whether the database is the one that the anchor vouches for. That
// an anchor can't be written is no reason to turn visitors away.
func anchorWords(found models.Anchor) string {
	switch found.State {
	case models.AnchorAgrees:
		return fmt.Sprintf("the anchor agrees, up to event %d", found.Size)
	case models.AnchorDiffers:
		return "the anchor vouches for another database, so nothing is issued: " + found.Problem
	}
	return "the anchor could not be held against the database: " + found.Problem
}

// behind says how far the feeds are behind. That a receiver of logs is away is no
// reason to turn visitors away.
func (a *App) behind(lags []models.FeedLag) string {
	var list []string
	for _, f := range lags {
		one := f.Name + ": nothing waits"
		if f.Waiting > 0 {
			one = fmt.Sprintf("%s: %d events wait, the first for %s", f.Name, f.Waiting, f.Behind(a.config.Now()).Round(time.Millisecond))
		}
		if f.Error != "" {
			one += ": " + f.Error
		}
		list = append(list, one)
	}
	return strings.Join(list, "; ")
}

// readiness answers whether the node may be sent requests, and why not: as
// text, or as JSON with every check to whoever accepts that.
func (a *App) readiness(c *gin.Context) {
	checks, reasons := a.checks(c.Request.Context()), ""
	for _, k := range checks {
		if !k.OK {
			reasons += k.Name + ": " + k.Detail + "\n"
		}
	}
	status, word := http.StatusOK, "ready\n"
	if reasons != "" {
		status, word = http.StatusServiceUnavailable, "not ready\n"
	}
	c.Header("Cache-Control", "no-store")
	if c.NegotiateFormat(gin.MIMEPlain, gin.MIMEJSON) == gin.MIMEJSON {
		c.JSON(status, gin.H{"ready": reasons == "", "checks": checks})
		return
	}
	c.String(status, "%s", word+reasons)
}
