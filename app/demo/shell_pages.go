package demo

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"

	"postern/app/demo/story"
	"postern/app/entrance"
	"postern/app/play/partner"
	views "postern/views/demo"
	"postern/views/i18n"
)

// start is the shell before a visit.
func (s *shell) start(w http.ResponseWriter, r *http.Request) {
	who, ok := roleOf(cmp.Or(r.PathValue("partner"), cast[0].short))
	if !ok {
		s.missing(w, r)
		return
	}
	s.draw(w, r, who, story.Trace{Partner: who.short})
}

// team shows how the demo's staff gets into the console: the codes change every
// 30 s, so a terminal's are soon too old.
func (s *shell) team(w http.ResponseWriter, r *http.Request) {
	now := s.o.Now()
	v := views.StaffPage{Theme: theme(r), Console: s.places.internal + "/console", Seconds: int(30 - now.Unix()%30)}
	for _, c := range s.staff {
		v.Staff = append(v.Staff, views.StaffMember{
			Name: c.Name, Role: entrance.StaffRole(r.Context(), c.Role), Login: c.Login, Password: c.Password, Code: c.code(now),
		})
	}
	v.Portal = s.places.portal + "/portal"
	for _, u := range s.users {
		v.Users = append(v.Users, views.StaffMember{
			Name: u.Name, Role: entrance.PortalRole(r.Context(), u.Role) + " · " + u.Partner, Login: u.Login, Password: u.Password, Code: u.code(now),
		})
	}
	page(w, r, s.o.Log, views.Staff(v))
}

// visit is the shell with a recorded visit. The frame's address holds the
// visit's AT: loading it again resumes the visit that the AT opened.
func (s *shell) visit(w http.ResponseWriter, r *http.Request) {
	trace, ok := s.book.Find(r.PathValue("visit"))
	if !ok {
		s.gone(w, r)
		return
	}
	who, _ := roleOf(trace.Partner) // traces are made of the cast
	s.draw(w, r, who, trace)
}

// report takes what the page's observer saw, and answers with the shell.
func (s *shell) report(w http.ResponseWriter, r *http.Request) {
	trace, ok := s.book.Find(r.PathValue("visit"))
	if !ok {
		s.gone(w, r)
		return
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		http.Error(w, http.StatusText(http.StatusUnsupportedMediaType), http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, story.MaxReport))
	if err != nil {
		http.Error(w, http.StatusText(http.StatusRequestEntityTooLarge), http.StatusRequestEntityTooLarge)
		return
	}
	report, err := story.ParseReport(body)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	steps := report.Steps(trace, s.answers)
	for i := range steps {
		s.ledger.explain(r.Context(), &steps[i], steps[i].RequestID())
	}
	trace, _ = s.book.Append(trace.ID, steps...) // a full trace stays as it is
	who, _ := roleOf(trace.Partner)
	s.draw(w, r, who, trace)
}

// tap is the button in the partner's app: its back end obtains an AT and the
// app opens the bank's page with it.
func (s *shell) tap(w http.ResponseWriter, r *http.Request) {
	who, ok := roleOf(r.PathValue("partner"))
	if !ok {
		s.missing(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	trace, err := s.open(r.Context(), who, r.PostFormValue("turn"))
	if err != nil {
		s.o.Log.ErrorContext(r.Context(), "visit not opened", slog.String("partner", who.short), slog.Any("err", err))
		http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway)
		return
	}
	s.book.Add(trace)
	http.Redirect(w, r, "/visits/"+trace.ID, http.StatusSeeOther)
}

// open does steps A and B. With the turn "stolen", somebody spends the AT
// before the app can: what a copied link amounts to.
func (s *shell) open(ctx context.Context, who role, turn string) (story.Trace, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(s.o.Rand, id); err != nil {
		return story.Trace{}, fmt.Errorf("draw id: %w", err)
	}
	tapped := s.o.Now()
	trace := story.Trace{ID: base64.RawURLEncoding.EncodeToString(id), Partner: who.short, Steps: []story.Step{{
		Letter: "A", From: tapped, Until: tapped,
		Request: story.Message{Opened: "POST /partners/" + who.short + "/visits"},
	}}}
	ticket, exchange, err := s.partners[who.clientID].Ask(ctx, partner.Ask{Resource: serviceID, Subject: who.subject, ReturnTo: who.returnTo})
	var refusal *partner.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return story.Trace{}, err
	}
	trace.RequestID = exchange.RequestID
	trace.Steps = append(trace.Steps, stepB(ticket, exchange, refusal))
	if refusal != nil {
		trace.RequestID = cmp.Or(refusal.RequestID, exchange.RequestID)
		s.ledger.explain(ctx, &trace.Steps[1], trace.RequestID)
		return trace, nil
	}
	trace.Address = ticket.Address()
	if turn == "stolen" {
		if trace.First, err = s.openFirst(ctx, ticket.AT); err != nil {
			s.o.Log.WarnContext(ctx, "copied link not opened", slog.Any("err", err))
		}
	}
	return trace, nil
}

// openFirst opens the bank's page elsewhere, by a copy of its link: a whole
// visit, with which nothing is done.
func (s *shell) openFirst(ctx context.Context, at string) (*story.Opening, error) {
	visit, err := s.thief.Open(ctx, at)
	if err != nil {
		return nil, err
	}
	return &story.Opening{At: s.o.Now(), VID: visit.ID, Scope: visit.Scope}, nil
}

// stepB is the partner's request for an AT, granted or refused.
func stepB(ticket partner.Ticket, exchange partner.Exchange, refusal *partner.Refusal) story.Step {
	step := story.Step{
		Letter: "B", From: exchange.Sent, Until: exchange.Answered, Bytes: len(exchange.Body),
		Request: story.Message{Opened: exchange.Form.Encode()},
		Reply:   story.Message{Sealed: ticket.Sealed, Opened: string(ticket.Claims)},
	}
	if refusal != nil {
		step.Code = refusal.Code
		step.Reply = story.Message{Sealed: string(exchange.Body), Opened: string(exchange.Body)}
	}
	return step
}

// draw shows the shell with a trace and the step that the address names.
func (s *shell) draw(w http.ResponseWriter, r *http.Request, who role, trace story.Trace) {
	ctx := r.Context()
	name := i18n.T(ctx, who.name)
	clock := s.clock(ctx)
	p := views.ShellPage{
		Theme: theme(r), Here: r.URL.RequestURI(), Preferences: "/preferences", Command: s.o.Command,
		Partners: tabs(ctx, who), App: atTime(ctx, who, who.app(ctx, clock), s.o.Now()),
		Page: views.PageView{Clock: clock, Partner: name, Address: trace.Address, Again: "/partners/" + who.short},
		Story: story.View(ctx, trace, story.Show{
			Partner: name, Zone: s.o.Now().Location(), Step: r.URL.Query().Get("step"), Sealed: r.URL.Query().Get("sealed") != "",
		}),
	}
	if stopped, ok := trace.Stopped(); ok && trace.Address == "" {
		p.Page.Failure = &views.AppFailure{
			Text: i18n.T(ctx, i18n.DemoAppFailedText, name), Code: stopped.Code, RequestID: trace.RequestID,
			At: i18n.Stamp(ctx, stopped.Until),
		}
	}
	page(w, r, s.o.Log, views.Shell(p))
}

func tabs(ctx context.Context, current role) []views.PartnerTab {
	var all []views.PartnerTab
	for _, r := range cast {
		label := i18n.T(ctx, r.name)
		if r.tab != (i18n.Key{}) {
			label = i18n.T(ctx, r.tab, label)
		}
		all = append(all, views.PartnerTab{Label: label, Href: "/partners/" + r.short, Current: r.short == current.short})
	}
	return all
}
