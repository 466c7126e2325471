package console

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/entrance"
	"postern/app/records"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// admission is what a page showed of the past to whoever decides: how many calls
// would newly fail, how many fields newly leave, and whether it was worked out.
type admission struct {
	Days, Leaving int
	Failing       int64
	Known         bool
	At            int64
}

// seenFor is for how long what was shown may be decided on.
const seenFor = time.Hour

// needs reports whether it has to be admitted in words.
func (a admission) needs() bool { return !a.Known || a.Failing > 0 || a.Leaving > 0 }

// figures are what the tick stands for.
func (a admission) figures() string {
	if !a.Known {
		return "unknown"
	}
	return fmt.Sprintf(figuresFormat, a.Failing, a.Leaving, a.Days)
}

// figuresFormat is how figures stand on record.
const figuresFormat = "%d fail, %d leave, %d days"

// seenOf keeps what was shown to one account about one request out of others.
func seenOf(r models.ChangeRequest, account string) string {
	return fmt.Sprintf("history %d %s %s", r.ID, r.PlanHash, account)
}

func (s *Console) sealSeen(r models.ChangeRequest, account string, a admission) string {
	return s.o.Cursors.Make(seenOf(r, account), strconv.Itoa(a.Days), strconv.FormatInt(a.Failing, 10), strconv.Itoa(a.Leaving),
		strconv.FormatBool(a.Known), strconv.FormatInt(a.At, 10))
}

// openSeen reads what was shown; false for what this house has not shown to the
// account about the request as it is, within the hour.
func (s *Console) openSeen(r models.ChangeRequest, account, token string) (a admission, ok bool) {
	parts, err := s.o.Cursors.Open(seenOf(r, account), token, 5)
	if err != nil {
		return a, false
	}
	// What was authenticated is what sealSeen wrote.
	a.Days, _ = strconv.Atoi(parts[0])
	a.Failing, _ = strconv.ParseInt(parts[1], 10, 64)
	a.Leaving, _ = strconv.Atoi(parts[2])
	a.Known, _ = strconv.ParseBool(parts[3])
	a.At, _ = strconv.ParseInt(parts[4], 10, 64)
	return a, s.o.Now().UnixMilli()-a.At <= seenFor.Milliseconds()
}

// decidesCalls reports whether a request may change what becomes of calls.
func decidesCalls(r models.ChangeRequest, plan change.Plan) bool {
	return r.Kind == bankfile.Kind && slices.ContainsFunc(plan.Things, func(t change.Planned) bool { return bankfile.Decides(t.Kind) })
}

// requestHistory puts onto a request's page what it would do to recorded calls, and
// for whoever decides the tick that admits it.
func (s *Console) requestHistory(c *gin.Context, r models.ChangeRequest, page *console.ApprovalPage) error {
	ctx := c.Request.Context()
	days := historyDays(cmp.Or(c.Query("days"), c.PostForm("days")))
	p, _, err := s.preview(c, r.Content, days)
	shown := admission{Days: days, Known: err == nil && !p.Cut && p.Behind == 0, Failing: p.Failing, Leaving: len(p.Fields(records.Leaves, records.Opens)), At: s.o.Now().UnixMilli()}
	if err != nil {
		page.History = s.noHistory(ctx, err)
	} else {
		view, err := s.historyView(c, p, days)
		if err != nil {
			return err
		}
		page.History = &view
	}
	for _, n := range []int{someDays, manyDays} {
		page.History.Spans = append(page.History.Spans, ui.Tab{
			Text: i18n.T(ctx, i18n.HistoryDays, n), Current: n == days, Href: requestPath(r.ID) + "?" + url.Values{"days": {strconv.Itoa(n)}}.Encode() + "#history",
		})
	}
	if !page.CanDecide {
		return nil
	}
	page.Seen.Token, page.Seen.Days = s.sealSeen(r, entrance.VisitOf(c).Who.Account.ID, shown), strconv.Itoa(days)
	if shown.needs() {
		page.Seen.Tick = &ui.CheckboxView{
			ID: "seen", Name: "seen", Value: shown.figures(), Label: shown.words(ctx), Checked: c.PostForm("seen") == shown.figures(), Error: page.Faults["seen"],
		}
	} else {
		page.Seen.Fault = page.Faults["seen"]
	}
	return nil
}

// words are the tick's.
func (a admission) words(ctx context.Context) string {
	calls := i18n.Number(ctx, a.Failing)
	switch {
	case !a.Known:
		return i18n.T(ctx, i18n.HistorySeenFailed)
	case a.Leaving == 0:
		return i18n.T(ctx, i18n.HistorySeenFail, calls, a.Days)
	case a.Failing == 0:
		return i18n.T(ctx, i18n.HistorySeenLeave, a.Leaving)
	}
	return i18n.T(ctx, i18n.HistorySeenBoth, calls, a.Days, a.Leaving)
}

// admitted reads what whoever approves has seen of the past, for the record; fault
// is a sentence where they have not.
func (s *Console) admitted(c *gin.Context, r models.ChangeRequest) (seen, fault string) {
	ctx := c.Request.Context()
	a, ok := s.openSeen(r, entrance.VisitOf(c).Who.Account.ID, c.PostForm("history"))
	switch {
	case !ok:
		return "", i18n.T(ctx, i18n.HistoryLookAgain)
	case a.needs() && c.PostForm("seen") != a.figures():
		return "", i18n.T(ctx, i18n.HistoryTick)
	}
	return a.figures(), ""
}
