package recordview

import (
	"context"
	"net/url"
	"time"

	"postern/app/records"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
)

// View is how a house shows what is on record.
type View struct {
	Now     func() time.Time
	Zone    *time.Location // the bank's, in which times are shown
	Cursors web.Cursors
	Log     string // path of the log
	Visits  string // path of the X-rays
	// Explain says what a refusal was and what helps; the cure is for the house's readers. run
	// is the conformance run whose weather it is owed to, if it is.
	Explain func(ctx context.Context, code, reason, run string) (cause, cure string)
	// Run leads to a conformance run of an application's.
	Run func(application, run string) string
	// Own is set where all that is shown is one partner's own: nobody needs to be told whose.
	Own bool
	// Calls is set where calls are listed: they have no kinds of lines and no stream.
	Calls bool
}

// Source is where the records come from.
type Source interface {
	Page(ctx context.Context, f records.Filter, at records.Place) (records.Page, error)
	Lookup(ctx context.Context, id string) ([]models.Event, error)
	Total(ctx context.Context, f records.Filter) (n int64, known bool, err error)
	Alike(ctx context.Context, e models.Event) (int64, error)
	RunOf(ctx context.Context, application, reason string, at int64) (string, error)
}

func (v View) inZone(ms int64) time.Time { return time.UnixMilli(ms).In(v.Zone) }

// Clock is a time of a list of events: with its day where that is not today.
func (v View) Clock(ctx context.Context, ms int64) string {
	at, now := v.inZone(ms), v.Now().In(v.Zone)
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return i18n.ClockMillis(ctx, at)
	}
	return i18n.Date(ctx, at) + " " + i18n.Clock(ctx, at)
}

// XRayAddress leads to an X-ray; "" where there is nothing to see.
func (v View) XRayAddress(f records.Found) string {
	switch {
	case f.VID != "":
		return v.Visits + "/" + url.PathEscape(f.VID)
	case f.JTI != "":
		return v.Visits + "/at/" + url.PathEscape(f.JTI)
	case f.Request != "":
		return v.Visits + "/request/" + url.PathEscape(f.Request)
	}
	return ""
}
