package portal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/clients"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/limit"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

const explainPath = homePath + "/explain"

// How often somebody may ask: a person at work, and no machine that tries.
var explainRate = limit.Rate{PerSecond: 0.5, Burst: 30}

// maxAccounts bounds how many accounts are told apart by what they may do so often.
const maxAccounts = 10_000

var errExplainOften = errs.New(errs.RateLimited, "too_many", "You have asked for many explanations in a short time.")

// Explain asks what failed.
func (p *Portal) Explain(c *gin.Context) error {
	return p.showExplain(c, http.StatusOK, portal.ExplainPage{})
}

// Explained says which layer of what was pasted the gateway refuses. It reads it in
// memory: nothing of it is written down or comes back, but for fields of headers and
// claims.
func (p *Portal) Explained(c *gin.Context) error {
	if ok, retry := p.explained.Take(entrance.VisitOf(c).Who.Account.ID, explainRate, p.o.Now()); !ok {
		return errExplainOften.With(errs.Help{RetryAfter: retry})
	}
	ctx, text := c.Request.Context(), pasted(c.PostForm("text"))
	fault := func(k i18n.Key, args ...any) error {
		return p.showExplain(c, http.StatusUnprocessableEntity, portal.ExplainPage{Fault: i18n.T(ctx, k, args...)})
	}
	dots := strings.Count(text, ".")
	var page portal.ExplainPage
	var err error
	switch {
	case text == "":
		return fault(i18n.ExplainEmpty)
	case secret(text):
		return fault(i18n.ExplainSecret)
	case dots == 0 && models.PrintableID(text):
		page, err = p.explainRequest(c, text)
	case dots != 2 && dots != 4:
		return fault(i18n.ExplainNoKind, dots)
	default:
		page, err = p.explainToken(c, text)
	}
	if err != nil {
		return err
	}
	return p.showExplain(c, http.StatusOK, page)
}

func (p *Portal) showExplain(c *gin.Context, status int, page portal.ExplainPage) error {
	page.Frame, page.Action = p.frame(c, i18n.T(c.Request.Context(), i18n.ExplainTitle)), explainPath
	return web.Render(c, status, portal.Explain(page))
}

// pasted is the thing itself in what people copy with it: an address with the AT in its
// fragment, the answer of step B, the form of a token request.
func pasted(text string) string {
	text = strings.TrimSpace(text)
	if _, at, found := strings.Cut(text, "#at="); found {
		return strings.TrimSpace(at)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &answer) == nil && answer.AccessToken != "" {
		return answer.AccessToken
	}
	if strings.Contains(text, "client_assertion=") {
		if form, err := url.ParseQuery(text); err == nil && form.Get("client_assertion") != "" {
			return form.Get("client_assertion")
		}
	}
	return text
}

// Secrets of 256 bits as base64url, as R and client secrets are; and a JWK's private
// member.
var (
	drawn  = regexp.MustCompile(`^[A-Za-z0-9_-]{42,44}=?$`)
	member = regexp.MustCompile(`"(d|k|p|q|dp|dq|qi)"\s*:\s*"`)
)

// secret reports whether a text looks like one that nobody should be shown.
func secret(text string) bool {
	_, basic, isBasic := strings.Cut(text, "Basic ")
	return strings.Contains(text, "PRIVATE KEY") || member.MatchString(text) || drawn.MatchString(text) || isBasic && basic != "" ||
		strings.Contains(text, "client_secret")
}

// misshapen says why a text is no compact JOSE whatever it means; "" where it may be one.
func misshapen(text string) string {
	for _, r := range text {
		switch {
		case r == '=':
			return "padding"
		case r == ' ' || r == '\n' || r == '\r' || r == '\t':
			return "space"
		case r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z'):
			return "alphabet"
		}
	}
	return ""
}

// part decodes one part of a compact text into a JSON object's members, as far as it goes;
// read is false where it is no JSON at all.
func part(text string, n int, into any) (read bool) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(text, ".")[n])
	if err != nil || !json.Valid(raw) {
		return false
	}
	_ = json.Unmarshal(raw, into) // what is not there is not looked at
	return true
}

// explainToken explains an envelope, an AT or an assertion.
func (p *Portal) explainToken(c *gin.Context, text string) (page portal.ExplainPage, err error) {
	ctx, partner := c.Request.Context(), entrance.VisitOf(c).Who.Partner.ID
	var header struct{ Typ, KID string }
	reason, envelope := misshapen(text), strings.Count(text, ".") == 4
	if read := part(text, 0, &header); reason == "" && !read && !envelope {
		reason = "no_jws"
	}
	switch {
	case reason != "" && envelope:
		return p.found(ctx, i18n.T(ctx, i18n.ExplainEnvelope), []explained{{layer: "form", reason: reason}}), nil
	case reason != "":
		return p.found(ctx, i18n.T(ctx, i18n.ExplainNobodys), []explained{{layer: "form", reason: reason}}), nil
	case envelope && header.Typ == "at+jwe":
		return p.explainSealedAT(c, header.KID)
	case envelope:
		list, err := p.o.Examine.ExamineEnvelope(ctx, partner, text)
		return p.found(ctx, i18n.T(ctx, i18n.ExplainEnvelope), examined(list)), err
	case header.Typ == "at+jwt":
		list, err := p.o.Examine.ExamineAT(ctx, partner, text)
		return p.found(ctx, i18n.T(ctx, i18n.ExplainAT), examined(list)), err
	}
	return p.explainAssertion(c, text, header.KID)
}

// explained is what there is to say to one layer.
type explained struct {
	layer, seen, reason string
	at                  int64 // when what the reason says was so, Unix ms
}

func examined(list []authority.Finding) (rows []explained) {
	for _, f := range list {
		rows = append(rows, explained{f.Layer, f.Seen, f.Reason, f.At})
	}
	return rows
}

// found makes the page of what there is to say.
func (p *Portal) found(ctx context.Context, kind string, list []explained) portal.ExplainPage {
	page := portal.ExplainPage{Kind: kind}
	note := ui.NoteView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.ExplainGood)}
	for _, f := range list {
		layer, seen := i18n.T(ctx, i18n.ExplainLayers[f.layer]), recordview.Shown(f.seen)
		row := portal.CheckRow{Part: layer, Seen: shortened(seen), Verdict: i18n.T(ctx, i18n.PortalCheckFine), Tone: ui.Ok}
		if f.layer == "world" {
			row.Seen = i18n.T(ctx, worldWords[models.Environment(f.seen)])
		}
		if f.reason != "" {
			var args []any
			if f.at != 0 {
				args = []any{i18n.Stamp(ctx, p.InZone(f.at)), p.ago(ctx, f.at)}
			}
			row.Verdict, row.Tone = i18n.T(ctx, i18n.ExplainReasons[f.reason], args...), ui.Bad
			note = ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.ExplainBad, layer), Text: row.Verdict}
			if f.reason == "under_r" || f.reason == "your_key" {
				row.Tone, note = ui.Quiet, ui.NoteView{Tone: ui.Accent, Text: row.Verdict}
			}
		}
		page.Rows = append(page.Rows, row)
	}
	page.Verdict = []ui.NoteView{note}
	return page
}

var worldWords = map[models.Environment]i18n.Key{models.Sandbox: i18n.UISandbox, models.Production: i18n.UIProduction}

func (p *Portal) ago(ctx context.Context, ms int64) string {
	d := p.o.Now().Sub(time.UnixMilli(ms)).Round(time.Second)
	switch {
	case d >= 48*time.Hour:
		return i18n.T(ctx, i18n.ExplainDays, int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return i18n.T(ctx, i18n.ExplainHours, int(d/time.Hour))
	}
	return i18n.Duration(ctx, d)
}

// maxSeen is how much of what was pasted a page shows of one field, characters.
const maxSeen = 200

func shortened(text string) string {
	if r := []rune(text); len(r) > maxSeen {
		return string(r[:maxSeen]) + "…"
	}
	return text
}

// explainSealedAT says to which of the partner's keys an AT is sealed.
func (p *Portal) explainSealedAT(c *gin.Context, kid string) (portal.ExplainPage, error) {
	ctx := c.Request.Context()
	keys, err := p.ownKeys(c)
	reason := "no_such_key"
	if slices.ContainsFunc(keys, func(k models.Credential) bool { return k.KID == kid && k.Use == models.EncryptionKey }) {
		reason = "your_key"
	}
	return p.found(ctx, i18n.T(ctx, i18n.ExplainSealedAT), []explained{{layer: "form"}, {layer: "typ", seen: "at+jwe"}, {layer: "kid", seen: kid, reason: reason}}), err
}

// ownKeys are the credentials of the partner's applications.
func (p *Portal) ownKeys(c *gin.Context) (keys []models.Credential, err error) {
	own, _, err := p.all(c)
	if err != nil || len(own.Applications) == 0 {
		return nil, err
	}
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) (err error) {
		keys, err = b.CredentialsOf(own.Applications)
		return err
	})
	return keys, err
}

// explainAssertion finds the application that an assertion is of, by its claims or else
// by its key, and says what the gateway would say to it.
func (p *Portal) explainAssertion(c *gin.Context, text, kid string) (page portal.ExplainPage, err error) {
	ctx := c.Request.Context()
	own, names, err := p.all(c)
	if err != nil {
		return page, err
	}
	var claims struct {
		Iss, Sub string
		IAT, Exp float64
	}
	part(text, 1, &claims)
	application := ""
	for _, id := range []string{claims.Sub, claims.Iss} {
		if application == "" && slices.Contains(own.Applications, id) {
			application = id
		}
	}
	if application == "" && kid != "" {
		keys, err := p.ownKeys(c)
		if err != nil {
			return page, err
		}
		if i := slices.IndexFunc(keys, func(k models.Credential) bool { return k.KID == kid }); i >= 0 {
			application = keys[i].ApplicationID
		}
	}
	if application == "" {
		page = p.found(ctx, i18n.T(ctx, i18n.ExplainNobodys), []explained{{layer: "form"}, {layer: "kid", seen: kid}})
		reason := i18n.T(ctx, i18n.ExplainReasons["nobodys"])
		page.Rows = append(page.Rows, portal.CheckRow{Part: i18n.T(ctx, i18n.CheckParts[string(clients.PartSubject)]), Seen: shortened(recordview.Shown(claims.Sub)), Verdict: reason, Tone: ui.Bad})
		page.Verdict = []ui.NoteView{{Tone: ui.Bad, Text: reason}}
		return page, nil
	}
	list, err := p.o.Check(ctx, application, text)
	if err != nil {
		return page, err
	}
	page = checked(ctx, list)
	page.Kind = i18n.T(ctx, i18n.ExplainAssertion, names.Application(application))
	now := p.o.Now()
	span := func(from, to time.Time) string { return i18n.Duration(ctx, to.Sub(from).Round(time.Second)) }
	for _, f := range list {
		switch f.Reason {
		case "assertion_from_the_future":
			page.Verdict = append(page.Verdict, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.ExplainAhead, span(now, seconds(claims.IAT)))})
		case "assertion_expired":
			page.Verdict = append(page.Verdict, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.ExplainBehind, span(seconds(claims.Exp), now))})
		}
	}
	return page, nil
}

func seconds(at float64) time.Time { return time.Unix(int64(at), 0) }

// checked is the page of an assertion's parts.
func checked(ctx context.Context, list []clients.Finding) (page portal.ExplainPage) {
	wrong := 0
	for _, f := range list {
		row := portal.CheckRow{
			Part: i18n.T(ctx, i18n.CheckParts[string(f.Part)]), Seen: shortened(recordview.Shown(f.Seen)), Verdict: i18n.T(ctx, i18n.PortalCheckFine), Tone: ui.Ok,
		}
		if f.Reason != "" {
			wrong++
			row.Verdict, row.Tone = i18n.T(ctx, i18n.CheckReasons[f.Reason]), ui.Bad
		}
		page.Rows = append(page.Rows, row)
	}
	page.Verdict = []ui.NoteView{{Tone: ui.Ok, Text: i18n.T(ctx, i18n.PortalCheckGood)}}
	if wrong > 0 {
		page.Verdict = []ui.NoteView{{Tone: ui.Bad, Text: i18n.T(ctx, i18n.PortalCheckBad, wrong)}}
	}
	return page
}

// explainRequest says what became of one of the partner's requests, visits or ATs.
func (p *Portal) explainRequest(c *gin.Context, id string) (page portal.ExplainPage, err error) {
	ctx := c.Request.Context()
	own, _, err := p.all(c)
	if err != nil {
		return page, err
	}
	page.Kind = i18n.T(ctx, i18n.ExplainRequest, id)
	call, err := own.CallOf(ctx, id)
	if err == nil {
		run, err := own.RunOf(ctx, call.ApplicationID, call.Reason, call.At)
		if err != nil {
			return page, err
		}
		page.Verdict = []ui.NoteView{p.because(ctx, refusal{call.Code, call.Reason, call.ApplicationID, run}, p.events.XRayAddress(records.Found{VID: call.VID}))}
		return page, nil
	}
	found, err := own.Find(ctx, id)
	if errors.Is(err, records.ErrNothing) {
		page.Verdict = []ui.NoteView{{Tone: ui.Warn, Text: i18n.T(ctx, i18n.ExplainNothing)}}
		return page, nil
	}
	if err != nil {
		return page, err
	}
	x, err := own.XRay(ctx, found)
	if err != nil {
		return page, err
	}
	page.Verdict = p.whatHappened(ctx, x)
	return page, nil
}

// refusal is one as it is on record, with the conformance run whose weather it is owed to.
type refusal struct{ code, reason, application, run string }

// because says why something was refused, or that it was not.
func (p *Portal) because(ctx context.Context, r refusal, visit string) ui.NoteView {
	links := []ui.LinkView{{Text: i18n.T(ctx, i18n.LogOpenXRay), Href: visit}}
	if r.code == "" || r.code == "ok" {
		return ui.NoteView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.LogFine), Links: links}
	}
	cause, cure := recordview.ExplainToPartner(ctx, r.code, r.reason, r.run)
	links = append(links, p.events.RunLinks(ctx, r.application, r.run)...)
	note := ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.PortalTryRefused, r.code), Text: cause, Links: links}
	if cure != "" {
		note.Text += " " + i18n.T(ctx, i18n.ExplainWhatHelps, cure)
	}
	return note
}

// whatHappened says where a visit stopped, and what had happened before.
func (p *Portal) whatHappened(ctx context.Context, x records.XRay) []ui.NoteView {
	visit, stop := p.events.XRayAddress(x.Found), x.Stopped()
	if stop == nil {
		return []ui.NoteView{p.because(ctx, refusal{}, visit)}
	}
	notes := []ui.NoteView{p.because(ctx, refusal{stop.Code, stop.Reason, x.ApplicationID, x.RunOf(*stop)}, visit)}
	before := func(k i18n.Key, at int64) {
		notes = append(notes, ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, k, i18n.Duration(ctx, time.Duration(stop.To-at)*time.Millisecond))})
	}
	switch {
	case x.AT == nil:
	case stop.Code == "at_spent" && x.AT.SpentAt != 0 && x.AT.SpentAt <= stop.To:
		before(i18n.ExplainSpentBy, x.AT.SpentAt)
	case stop.Reason == "at_expired" && x.AT.ExpiresAt <= stop.To:
		before(i18n.ExplainLate, x.AT.ExpiresAt)
	}
	return notes
}
