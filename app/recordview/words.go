package recordview

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

// GroupWords are the filter's words for groups of kinds.
var GroupWords = map[records.Group]i18n.Key{
	records.ATIssued: i18n.LogATIssued, records.ATRefused: i18n.LogATRefused, records.ATRevoked: i18n.LogATRevoked,
	records.VTIssued: i18n.LogVTIssued, records.VTRefused: i18n.LogVTRefused, records.VTRenewed: i18n.LogVTRenewed,
	records.VisitClosed: i18n.LogClosed, records.SignedIn: i18n.LogSignedIn, records.Consents: i18n.LogConsents, records.Refused: i18n.LogCallRefused,
}

// EventWord is what a line says; a kind of a later release says itself.
func EventWord(ctx context.Context, kind string) string {
	return cmp.Or(i18n.T(ctx, eventWords[kind]), kind)
}

// EventTone is quiet for what went well.
func EventTone(e models.Event) ui.Tone {
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

// EventCell is a row's cell of what a line says.
func EventCell(ctx context.Context, e models.Event) ui.Cell {
	word, tone := EventWord(ctx, e.Kind), EventTone(e)
	if tone == ui.Bad || tone == ui.Warn {
		return ui.Cell{Part: ui.Badge(ui.BadgeView{Tone: tone, Text: word})}
	}
	return ui.Cell{Part: ui.Dot(ui.DotView{Tone: tone, Text: word})}
}

// took is a duration that a line's detail tells, in microseconds; "" for none.
func took(ctx context.Context, detail map[string]string) string {
	us, err := strconv.ParseInt(detail["took_us"], 10, 64)
	if err != nil || us <= 0 {
		return ""
	}
	return i18n.Duration(ctx, time.Duration(us)*time.Microsecond)
}

// EndWord says why a visit ended, by the ledger's word.
func EndWord(ctx context.Context, reason string) string {
	words := map[string]i18n.Key{"closed": i18n.XRayClosed, "revoked": i18n.XRayRevoked, "at_reused": i18n.XRayReused, "ended_by_bank": i18n.LogEnded}
	if k, known := words[reason]; known {
		return i18n.T(ctx, k)
	}
	return i18n.T(ctx, i18n.XRayEndedBy, reason)
}

// Explain says to the bank's staff what a refusal was and what helps; run is the conformance
// run that had raised the weather it is owed to, if one had.
func Explain(ctx context.Context, code, reason, run string) (cause, cure string) {
	e, known := explanation(code, reason, run)
	if !known {
		return i18n.T(ctx, i18n.LogUnknown, code), ""
	}
	return i18n.T(ctx, e.Cause), i18n.T(ctx, e.Cure)
}

func explanation(code, reason, run string) (e i18n.Explanation, known bool) {
	if run != "" {
		return i18n.WhyRun, true
	}
	return i18n.Explain(code, reason)
}

// ExplainToPartner says the same to a partner's users, and what they can do. Of bad weather
// that is what the fault would have been, and what their servers do when it comes: they
// raised it to see that.
func ExplainToPartner(ctx context.Context, code, reason, run string) (cause, cure string) {
	e, known := explanation(code, reason, run)
	if !known {
		return i18n.T(ctx, i18n.LogUnknown, code), ""
	}
	if fault, weather := models.WeatherFault(reason); weather {
		cause, _ = ExplainToPartner(ctx, code, fault, "")
		cure = i18n.T(ctx, i18n.WeatherCures[string(models.WeatherOf(code))])
		return i18n.T(ctx, e.YourCause, cause), i18n.T(ctx, e.YourCure, cure)
	}
	return i18n.T(ctx, e.YourCause), i18n.T(ctx, e.YourCure)
}
