package console

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"postern/app/records"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

// eventWords are the log's words for the ledger's kinds.
var eventWords = map[string]i18n.Key{
	"at.issued": i18n.LogATIssued, "at.refused": i18n.LogATRefused, "at.revoked": i18n.LogATRevoked,
	"at.revocation_refused": i18n.LogNotRevoked, "assertion.used": i18n.LogAssertion,
	"vt.issued": i18n.LogVTIssued, "vt.reissued": i18n.LogVTAgain, "vt.refused": i18n.LogVTRefused, "at.reused": i18n.LogATReused,
	"vt.renewed": i18n.LogVTRenewed, "vt.renewal_refused": i18n.LogNotRenewed,
	"visit.closed": i18n.LogClosed, "visit.ended": i18n.LogEnded, "vt.close_refused": i18n.LogNotClosed,
	"customer.bound": i18n.LogSignedIn, "consent.given": i18n.LogConsent, "consent.withdrawn": i18n.LogWithdrawn, "consent.refused": i18n.LogNoConsent,
	"call.refused": i18n.LogCallRefused, "introspection.refused": i18n.LogIntrospect,
}

// groupWords are the filter's words for groups of kinds.
var groupWords = map[records.Group]i18n.Key{
	records.ATIssued: i18n.LogATIssued, records.ATRefused: i18n.LogATRefused, records.ATRevoked: i18n.LogATRevoked,
	records.VTIssued: i18n.LogVTIssued, records.VTRefused: i18n.LogVTRefused, records.VTRenewed: i18n.LogVTRenewed,
	records.VisitClosed: i18n.LogClosed, records.SignedIn: i18n.LogSignedIn, records.Consents: i18n.LogConsents, records.Refused: i18n.LogCallRefused,
}

// eventWord is what a line says; a kind of a later release says itself.
func eventWord(ctx context.Context, kind string) string {
	return cmp.Or(i18n.T(ctx, eventWords[kind]), kind)
}

// eventTone is quiet for what went well.
func eventTone(e models.Event) ui.Tone {
	switch {
	case e.Outcome != "ok":
		return ui.Bad
	case e.Kind == "at.revoked" || e.Kind == "visit.ended":
		return ui.Warn
	case e.Kind == "visit.closed":
		return ui.Quiet
	}
	return ui.Ok
}

func eventCell(ctx context.Context, e models.Event) ui.Cell {
	word, tone := eventWord(ctx, e.Kind), eventTone(e)
	if tone == ui.Bad || tone == ui.Warn {
		return ui.Cell{Part: ui.Badge(ui.BadgeView{Tone: tone, Text: word})}
	}
	return ui.Cell{Part: ui.Dot(ui.DotView{Tone: tone, Text: word})}
}

// explain says what a refusal was and what helps.
func explain(ctx context.Context, code, reason string) (cause, cure string) {
	e, known := i18n.Explain(code, reason)
	if !known {
		return i18n.T(ctx, i18n.LogUnknown, code), ""
	}
	return i18n.T(ctx, e.Cause), i18n.T(ctx, e.Cure)
}

// took is a duration that a line's detail tells, in microseconds; "" for none.
func took(ctx context.Context, detail map[string]string) string {
	us, err := strconv.ParseInt(detail["took_us"], 10, 64)
	if err != nil || us <= 0 {
		return ""
	}
	return i18n.Duration(ctx, time.Duration(us)*time.Microsecond)
}

// clock is a time of a list of events: with its day where that is not today.
func (s *Console) clock(ctx context.Context, ms int64) string {
	at, now := s.InZone(ms), s.o.Now().In(s.o.Zone)
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return i18n.ClockMillis(ctx, at)
	}
	return i18n.Date(ctx, at) + " " + i18n.Clock(ctx, at)
}
