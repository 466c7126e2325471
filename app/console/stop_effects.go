package console

import (
	"context"
	"slices"
	"strings"

	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/killswitch"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

// stopping are the kinds of requests that stop something and do nothing else.
var stopping = map[string]bool{killswitch.FreezeKind: true, killswitch.EndKind: true, killswitch.VisitKind: true}

// statusOf is the status that a thing of a plan gets; "" where it keeps its own.
func statusOf(t change.Planned) models.Status {
	for _, d := range t.Differences {
		if len(d.Args) == 3 && d.Args[0] == "status" && !t.New {
			return models.Status(d.Args[2])
		}
	}
	return ""
}

// onlyStops reports whether a request stops something and opens nothing: until it is
// decided, what should stop goes on.
func onlyStops(r models.ChangeRequest, plan change.Plan) bool {
	return stopping[r.Kind] || r.Kind == bankfile.Kind && plan.Widening() == 0 && slices.ContainsFunc(plan.Things, func(t change.Planned) bool { return statusOf(t) != "" })
}

// acts are what requests ask for, by their kind; a status says itself.
var acts = map[string]i18n.Key{
	killswitch.FreezeKind: i18n.ActFreeze, killswitch.EndKind: i18n.ActEndVisits, killswitch.VisitKind: i18n.ActEndVisit, killswitch.ThawKind: i18n.ActThaw,
}

var statusActs = map[models.Status]i18n.Key{
	models.Suspended: i18n.ActSuspend, models.Closed: i18n.ActClose, models.Active: i18n.ActActivate, "revoked": i18n.ActRevoke,
}

// requestTitle is what a request asks for, and of what: "Suspend: Partner Lianhe Travel".
func requestTitle(ctx context.Context, r models.ChangeRequest, plan change.Plan, names records.Names) string {
	subject := subjectWords(ctx, r.Subject, plan, names)
	act, known := acts[r.Kind]
	if !known && len(plan.Things) == 1 && len(plan.Things[0].Differences) == 1 {
		act, known = statusActs[statusOf(plan.Things[0])]
	}
	if !known {
		return subject
	}
	return i18n.T(ctx, act, subject)
}

// stopsWords say what a request stops, for lists: its first differences.
func (s *Console) stopsWords(ctx context.Context, plan change.Plan, names records.Names) string {
	var said []string
	for _, t := range s.planWords(ctx, plan, names) {
		for _, line := range t.Lines {
			if line.Sentence {
				said = append(said, line.Label)
			} else {
				said = append(said, i18n.T(ctx, i18n.ConsoleStopsTo, line.Label, line.After))
			}
		}
	}
	return strings.Join(said[:min(len(said), 2)], i18n.T(ctx, i18n.ConsoleStopsAnd))
}

// namedKinds is of how many kinds of visits an effect names each.
const namedKinds = 6

// stopEffects say how many live visits end with a request as of now, and of whom.
func (s *Console) stopEffects(ctx context.Context, r models.ChangeRequest, plan change.Plan) ([]ui.NoteView, error) {
	if r.Kind == killswitch.VisitKind {
		return s.visitEffects(ctx, plan)
	}
	var of []killswitch.Target
	if t, ends := killswitch.Ending(r.Kind, r.Content); ends {
		of = append(of, t)
	}
	for _, t := range plan.Things {
		kind := models.FreezeTarget(t.Kind)
		if to := statusOf(t); (to == models.Suspended || to == models.Closed) && (kind == models.FreezePartner || kind == models.FreezeApplication) {
			of = append(of, killswitch.Target{Kind: kind, ID: t.ID})
		}
	}
	if len(of) == 0 {
		return nil, nil
	}
	kinds, more, err := s.o.Store.LiveKinds(ctx, s.o.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	kinds = slices.DeleteFunc(kinds, func(k store.LiveKind) bool {
		return !slices.ContainsFunc(of, func(t killswitch.Target) bool { return liveUnder(t, k) })
	})
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return nil, err
	}
	var n int64
	note := ui.NoteView{Tone: ui.Warn, Lead: i18n.T(ctx, i18n.KeysNow)}
	for i, k := range kinds {
		n += k.Visits
		if i < namedKinds {
			note.Links = append(note.Links, ui.LinkView{
				Text: i18n.T(ctx, i18n.StopsOfKind, names.Application(k.ApplicationID), names.Service(k.ServiceID), i18n.Number(ctx, k.Visits)),
				Href: liveQuery{app: k.ApplicationID, service: k.ServiceID}.address(""),
			})
		}
	}
	if len(kinds) > namedKinds {
		note.Links = append(note.Links, ui.LinkView{Text: i18n.T(ctx, i18n.StopsAllKinds), Href: livePath})
	}
	note.Text = i18n.T(ctx, i18n.StopsVisits, liveNumber(ctx, n, more))
	return []ui.NoteView{note}, nil
}

// visitEffects name the visit that would end: whose it is, and until when it lives.
func (s *Console) visitEffects(ctx context.Context, plan change.Plan) ([]ui.NoteView, error) {
	if len(plan.Things) != 1 {
		return nil, nil
	}
	vid, now := plan.Things[0].ID, s.o.Now()
	var v models.Visit
	live := false
	err := s.o.Store.Business(ctx, func(b store.Business) (err error) {
		v, live, err = b.LiveVisit(vid, now.UnixMilli())
		return err
	})
	if err != nil {
		return nil, err
	}
	note := ui.NoteView{Tone: ui.Warn, Lead: i18n.T(ctx, i18n.KeysNow), Text: i18n.T(ctx, i18n.StopsVisitOver)}
	if live {
		names, err := s.o.Records.Names(ctx)
		if err != nil {
			return nil, err
		}
		left := i18n.Duration(ctx, s.InZone(v.DeadAfter).Sub(now))
		note.Text = i18n.T(ctx, i18n.StopsVisit, names.Application(v.ApplicationID), names.Service(v.ServiceID), left)
	}
	note.Links = []ui.LinkView{{Text: i18n.T(ctx, i18n.XRayVisit, recordview.ShortID(vid)), Href: s.view.XRayAddress(records.Found{VID: vid})}}
	return []ui.NoteView{note}, nil
}
