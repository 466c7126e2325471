package portal

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/partners"
	"postern/app/recordview"
	"postern/app/trial"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// stepWords are a step's in the list, and over its message.
var stepWords = map[trial.Step]struct{ short, long i18n.Key }{
	trial.StepB: {i18n.PortalTryB, i18n.PortalTryBTitle}, trial.StepC: {i18n.PortalTryC, i18n.PortalTryCTitle},
	trial.StepD: {i18n.PortalTryD, i18n.PortalTryDTitle}, trial.StepE: {i18n.PortalTryE, i18n.PortalTryETitle},
	trial.StepG: {i18n.PortalTryG, i18n.PortalTryGTitle}, trial.StepRenew: {i18n.PortalTryRenew, i18n.PortalTryRenewTitle},
	trial.StepClose: {i18n.PortalTryClose, i18n.PortalTryCloseTitle},
}

var stepPaths = map[trial.Step]string{
	trial.StepB: "POST /oauth/token", trial.StepC: "h5_url#at=…", trial.StepD: "POST /gateway/v1/visit-tokens", trial.StepG: "POST /gateway/v1/calls",
	trial.StepRenew: "POST …/visit-tokens/renew", trial.StepClose: "POST …/visit-tokens/close",
}

// letters name a step; what a visit need not have goes by a sign.
var letters = map[trial.Step]string{trial.StepRenew: "↻", trial.StepClose: "×"}

func letter(s trial.Step) string {
	if sign, ok := letters[s]; ok {
		return sign
	}
	return string(s)
}

func (p *Portal) showTry(c *gin.Context, status int, a partners.Application, typed tried) error {
	ctx := c.Request.Context()
	choices, err := p.o.Trials.Choices(ctx, a.ID)
	if err != nil {
		return err
	}
	t, on, err := p.o.Trials.Find(ctx, p.trier(c, a))
	if err != nil {
		return err
	}
	page := portal.TryPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalTry), applicationsPath, a.Environment), Application: a.ID,
		Explain: explainPath, Code: applicationPath(a.ID) + "/code", Action: tryPathOf(a.ID), Turn: strconv.FormatInt(t.Turn, 10), On: on, Lasts: i18n.T(ctx, i18n.PortalTryNone),
	}
	if on {
		page.Lasts = i18n.T(ctx, i18n.PortalTryEnds, i18n.Stamp(ctx, t.Ends.In(p.o.Zone)))
	}
	if t.VID != "" {
		page.Visit = t.VID[:4] + "…" + t.VID[len(t.VID)-4:]
	}
	for i, tab := range page.Frame.Nav { // it is one of an application's pages, with an entry of its own
		page.Frame.Nav[i].Current = tab.Href == tryPath
	}
	next := nextStep(t)
	chosen := trial.Step(c.Query("step"))
	if typed.faults != nil {
		chosen = trial.StepG
	}
	if _, there := t.Messages[chosen]; !there {
		chosen = latest(t)
	}
	page.Steps = p.trySteps(ctx, a, t, chosen, next)
	if m, there := t.Messages[chosen]; there {
		if page.Message, err = p.tryMessage(c, a, chosen, m, t); err != nil {
			return err
		}
	}
	switch {
	case models.Status(a.Status) != models.Active:
		page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.PortalTryStopped)})
	case a.Suite == "GM":
		page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.PortalTrySuite)})
		return p.withWeather(c, status, a, page)
	}
	if len(choices) == 0 {
		page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Accent, Lead: i18n.T(ctx, i18n.PortalTryMissing), Text: i18n.T(ctx, i18n.PortalTryAskScopes), Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.PortalScopes), Href: scopesPath}}})
		return p.withWeather(c, status, a, page)
	}
	page.Next = tryNext(ctx, next, t, choices, typed)
	if next != trial.StepB && len(t.Messages) > 0 && !t.InVisit && t.Messages[trial.StepD].Code != "" {
		page.More = append(page.More, again(ctx, trial.StepB))
	}
	if t.InVisit {
		page.More = append(page.More, again(ctx, trial.StepRenew), again(ctx, trial.StepClose))
	}
	return p.withWeather(c, status, a, page)
}

func again(ctx context.Context, s trial.Step) ui.ButtonView {
	return ui.ButtonView{Text: i18n.T(ctx, stepWords[s].short), Small: true, Name: "act", Value: string(s)}
}

// nextStep is the step that comes next in a visit.
func nextStep(t trial.Trial) trial.Step {
	_, closed := t.Messages[trial.StepClose]
	switch {
	case t.InVisit:
		return trial.StepG
	case !t.HasAT || closed:
		return trial.StepB
	case !t.Opened:
		return trial.StepC
	}
	return trial.StepD
}

// latest is the step that was taken last.
func latest(t trial.Trial) (last trial.Step) {
	for _, s := range trial.Steps {
		if m, there := t.Messages[s]; there && s != trial.StepE && (last == "" || m.At >= t.Messages[last].At) {
			last = s
		}
	}
	return last
}

func (p *Portal) trySteps(ctx context.Context, a partners.Application, t trial.Trial, chosen, next trial.Step) (list []portal.TryStep) {
	for _, s := range trial.Steps {
		m, there := t.Messages[s]
		if !there && (s == trial.StepRenew || s == trial.StepClose) {
			continue
		}
		row := portal.TryStep{Letter: letter(s), Title: i18n.T(ctx, stepWords[s].short), Path: stepPaths[s], Took: "–", Chosen: s == chosen && there}
		if s == trial.StepE {
			row.Path = i18n.T(ctx, i18n.PortalTryUnderR)
		}
		switch {
		case there:
			row.Href, row.Tone, row.State = tryPathOf(a.ID)+"?step="+string(s), ui.Ok, i18n.T(ctx, i18n.PortalTryDone)
			if m.Status != 0 {
				row.State, row.Took = strconv.Itoa(m.Status), i18n.T(ctx, i18n.PortalTryMillis, m.Took)
			}
			if m.Code != "" {
				row.Tone = ui.Bad
			}
		case s == next:
			row.State = i18n.T(ctx, i18n.PortalTryReady)
		default:
			row.State = i18n.T(ctx, i18n.PortalTryLater)
		}
		list = append(list, row)
	}
	return list
}

func tryNext(ctx context.Context, next trial.Step, t trial.Trial, choices []trial.Service, typed tried) *portal.TryNext {
	n := &portal.TryNext{Act: string(next), Text: i18n.T(ctx, i18n.PortalTryNext, i18n.T(ctx, stepWords[next].short)), Faults: typed.faults}
	switch next {
	case trial.StepB:
		n.Form, n.Ask.Subject = "ask", t.Subject
		for _, s := range choices {
			n.Ask.Services = append(n.Ask.Services, ui.Option{Value: s.ID, Text: s.Name + " · " + s.ID, Chosen: s.ID == t.Service})
			for _, scope := range s.Scopes {
				n.Ask.Scopes = append(n.Ask.Scopes, ui.CheckboxView{
					ID: "scope-" + strconv.Itoa(len(n.Ask.Scopes)), Name: "scope", Value: scope, Label: scope, Checked: slices.Contains(strings.Fields(t.Scope), scope),
				})
			}
		}
	case trial.StepG:
		n.Form, n.Call = "call", typed.call
		if _, called := t.Messages[trial.StepG]; called {
			n.Text = i18n.T(ctx, i18n.PortalTryAgain)
		}
		for _, s := range choices {
			if s.ID != t.Service {
				continue
			}
			if typed.route == "" {
				typed.route = easiest(s.Routes)
			}
			for _, r := range s.Routes {
				value := r.Method + " " + r.Pattern
				n.Call.Routes = append(n.Call.Routes, ui.Option{Value: value, Text: value, Chosen: value == typed.route})
			}
		}
	}
	return n
}

// easiest is the route to begin with: one that reads, and that asks for nothing.
func easiest(list []trial.Route) string {
	i := slices.IndexFunc(list, func(r trial.Route) bool {
		return r.Method == http.MethodGet && r.Sample && !strings.Contains(r.Pattern, "{")
	})
	if i < 0 {
		return ""
	}
	return list[i].Method + " " + list[i].Pattern
}

// withWeather renders the page with the bad weather that is over the application.
func (p *Portal) withWeather(c *gin.Context, status int, a partners.Application, page portal.TryPage) error {
	ctx, now := c.Request.Context(), p.o.Now()
	spells, err := p.o.Store.Weather(ctx, a.ID)
	if err != nil {
		return err
	}
	until := map[models.Weather]int64{}
	last, on := int64(0), 0
	for _, s := range spells {
		if s.Until > now.UnixMilli() {
			until[s.Kind] = s.Until
			last, on = max(last, s.Until), on+1
		}
	}
	v := portal.WeatherView{Action: tryPathOf(a.ID) + "/weather", Count: i18n.T(ctx, i18n.PortalWeatherOn, on, len(models.Weathers)), Ends: i18n.T(ctx, i18n.PortalWeatherNone)}
	run, runs, err := p.o.Store.ConformanceRunOn(ctx, a.ID)
	if err != nil {
		return err
	}
	v.Run, v.RunOn = conformancePathOf(a.ID), runs
	if on > 0 {
		v.Ends = i18n.T(ctx, i18n.PortalWeatherEnds, i18n.Stamp(ctx, time.UnixMilli(last).In(p.o.Zone)))
	}
	if step := c.Query("step"); step != "" {
		v.Action += "?" + url.Values{"step": {step}}.Encode()
	}
	for _, kind := range models.Weathers {
		words := i18n.Weathers[string(kind)]
		k := portal.WeatherKind{Kind: string(kind), Name: i18n.T(ctx, words.Name), On: until[kind] != 0}
		if kind == models.ClockAhead && a.AuthMethod == models.ClientSecretBasic {
			k.Why = i18n.T(ctx, i18n.PortalWeatherSecret)
		}
		v.Kinds = append(v.Kinds, k)
		if k.On {
			note := ui.NoteView{Tone: ui.Accent, Lead: i18n.T(ctx, i18n.PortalWeatherIsOn, k.Name), Text: i18n.T(ctx, words.Effect)}
			if runs {
				note.Lead, note.Links = i18n.T(ctx, i18n.ConformanceRaised, k.Name), p.events.RunLinks(ctx, a.ID, run.ID)
			}
			page.Notes = append(page.Notes, note)
		}
	}
	page.Weather = v
	return web.Render(c, status, portal.Try(page))
}

// shownJSON is how long texts in messages are: tokens are cut, sentences are not.
var shownJSON = ui.JSON{Token: 34, Text: 300}

func (p *Portal) tryMessage(c *gin.Context, a partners.Application, s trial.Step, m trial.Message, t trial.Trial) (*portal.TryMessage, error) {
	ctx := c.Request.Context()
	v := &portal.TryMessage{Letter: letter(s), Title: i18n.T(ctx, stepWords[s].long), Tone: ui.Ok, RequestID: m.RequestID}
	if m.Status != 0 {
		v.Status = strconv.Itoa(m.Status)
	}
	if m.Code != "" {
		v.Tone = ui.Bad
		if err := p.refused(c, a, m, v); err != nil {
			return nil, err
		}
		v.Note.Links = append(v.Note.Links, ui.LinkView{Text: i18n.T(ctx, i18n.XRayInLog), Href: recordview.Query{World: string(models.Sandbox), Search: m.RequestID}.Address(logPath)})
	}
	if t.VID != "" && s != trial.StepB && s != trial.StepC {
		v.XRay = homePath + "/visits/" + t.VID
	}
	switch s {
	case trial.StepB:
		v.Halves = []portal.TryHalf{tokenRequest(ctx, m), tokenReply(ctx, m)}
	case trial.StepC:
		v.Halves = []portal.TryHalf{address(ctx, m)}
	case trial.StepE:
		v.Halves = []portal.TryHalf{derived(ctx, reply(ctx, m))}
	default:
		v.Halves = []portal.TryHalf{request(ctx, m), reply(ctx, m)}
	}
	return v, nil
}

// refused says what a refusal means and what a good page or back end does then; of weather
// also who had raised it.
func (p *Portal) refused(c *gin.Context, a partners.Application, m trial.Message, v *portal.TryMessage) error {
	ctx, code := c.Request.Context(), m.Code
	ledger, reason := code, ""
	if m.Weather {
		reason = models.WeatherOf(code).Because("")
	}
	if code == "temporarily_unavailable" { // the token endpoint's word for it (RFC 6749 section 4.1.2.1)
		ledger = "unavailable"
	}
	run, err := p.o.Records.RunOf(ctx, a.ID, reason, m.At)
	if err != nil {
		return err
	}
	cause, cure := recordview.ExplainToPartner(ctx, ledger, reason, run)
	v.Note = &ui.NoteView{Tone: ui.Warn, Lead: i18n.T(ctx, i18n.PortalTryRefused, code), Text: cause + i18n.After(cause) + cure, Links: p.events.RunLinks(ctx, a.ID, run)}
	return nil
}

func half(ctx context.Context, m trial.Message, isReply bool) portal.TryHalf {
	if isReply {
		return portal.TryHalf{Reply: true, Title: i18n.T(ctx, i18n.PortalTryReply), About: strings.TrimSpace(strconv.Itoa(m.Status) + " " + http.StatusText(m.Status)), Size: i18n.T(ctx, i18n.PortalTryMillis, m.Took), Head: head(ctx, m.Head)}
	}
	return portal.TryHalf{Title: i18n.T(ctx, i18n.PortalTryRequest), About: "POST " + m.Path, Size: i18n.T(ctx, i18n.PortalTrySize, m.Size), Head: head(ctx, m.Asked)}
}

// head shows the fields of an HTTP header; nil where none was kept.
func head(ctx context.Context, fields []string) *ui.CodeView {
	if len(fields) == 0 {
		return nil
	}
	v := &ui.CodeView{Label: i18n.T(ctx, i18n.PortalTryHTTP)}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		v.Lines = append(v.Lines, []ui.Span{{Class: "key", Text: name}, {Text: ": "}, {Class: "string", Text: value}})
	}
	return v
}

// jweClasses are the colours of an envelope's parts.
var jweClasses = []string{"header", "wrapped", "iv", "content", "tag"}

// sealedCode is an envelope in its five colours, and its header; of what is in the clear
// the document.
func sealedCode(ctx context.Context, compact string, wrapped i18n.Key) (sealed ui.CodeView, header *ui.CodeView) {
	spans := ui.Compact(compact, jweClasses...)
	if spans == nil {
		return ui.CodeView{Label: i18n.T(ctx, i18n.PortalTryClear), Lines: shownJSON.Lines(compact)}, nil
	}
	sealed = ui.CodeView{Label: i18n.T(ctx, i18n.PortalTrySealed), Sealed: true, Lines: [][]ui.Span{spans}}
	for i, name := range []i18n.Key{i18n.DemoPartHeader, wrapped, i18n.DemoPartIV, i18n.DemoPartContent, i18n.DemoPartTag} {
		if strings.Trim(spans[i].Text, ".") != "" {
			sealed.Legend = append(sealed.Legend, ui.Span{Class: spans[i].Class, Text: i18n.T(ctx, name)})
		}
	}
	return sealed, &ui.CodeView{Label: i18n.T(ctx, i18n.PortalTryHeader), Lines: shownJSON.Lines(partOf(compact, 0))}
}

// partOf decodes a part of a compact serialisation; "" where that is no JSON.
func partOf(compact string, i int) string {
	parts := strings.Split(compact, ".")
	if i >= len(parts) {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[i])
	if err != nil || !json.Valid(text) {
		return ""
	}
	return string(text)
}

func document(ctx context.Context, label i18n.Key, text string) ui.CodeView {
	return ui.CodeView{Label: i18n.T(ctx, label), Lines: shownJSON.Lines(text)}
}

// envelope fills a half with what travelled and what its ends see.
func envelope(ctx context.Context, h portal.TryHalf, compact, opened string) portal.TryHalf {
	wrapped := i18n.DemoPartKey
	if h.Reply { // R travels in the page's request; what comes back under a wrapped key has one of its own
		wrapped = i18n.DemoPartCEK
	}
	sealed, header := sealedCode(ctx, compact, wrapped)
	h.Sealed = sealed
	if header != nil {
		h.Opened = append(h.Opened, *header)
		if strings.Count(compact, "..") > 0 {
			h.Text = i18n.T(ctx, i18n.PortalTryDirect)
		}
	}
	if opened != "" {
		h.Opened = append(h.Opened, document(ctx, i18n.PortalTryOpened, opened))
	}
	return h
}

func request(ctx context.Context, m trial.Message) portal.TryHalf {
	h := half(ctx, m, false)
	return envelope(ctx, h, m.Sent, m.Opened)
}

func reply(ctx context.Context, m trial.Message) portal.TryHalf {
	return envelope(ctx, half(ctx, m, true), m.Answer, m.Read)
}

func tokenRequest(ctx context.Context, m trial.Message) portal.TryHalf {
	h := half(ctx, m, false)
	h.Sealed = ui.CodeView{Label: i18n.T(ctx, i18n.PortalTryForm), Lines: shownJSON.Form(m.Sent)}
	form, _ := url.ParseQuery(m.Sent) // it was written here
	if assertion := form.Get("client_assertion"); assertion != "" {
		h.Opened = []ui.CodeView{document(ctx, i18n.PortalTryHeader, partOf(assertion, 0)), document(ctx, i18n.PortalTryAssertion, partOf(assertion, 1))}
	}
	return h
}

func tokenReply(ctx context.Context, m trial.Message) portal.TryHalf {
	h := half(ctx, m, true)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(m.Answer), &answer) // a refusal has none
	if answer.AccessToken == "" {
		h.Sealed = document(ctx, i18n.PortalTryClear, m.Answer)
		return h
	}
	h = envelope(ctx, h, answer.AccessToken, "")
	h.Opened = append(h.Opened, document(ctx, i18n.PortalTryATInside, m.Read))
	return h
}

// address is step C: the AT in the fragment, and what the page reads of it.
func address(ctx context.Context, m trial.Message) portal.TryHalf {
	h := portal.TryHalf{Title: i18n.T(ctx, i18n.PortalTryCTitle), Text: i18n.T(ctx, i18n.PortalTryVerified)}
	before, at, _ := strings.Cut(m.Sent, "#at=")
	line := append([]ui.Span{{Text: before + "#at="}}, ui.Compact(at, "header", "content", "tag")...)
	h.Sealed = ui.CodeView{Label: i18n.T(ctx, i18n.PortalTryAddress), Sealed: true, Lines: [][]ui.Span{line}, Legend: []ui.Span{
		{Class: "header", Text: i18n.T(ctx, i18n.DemoPartHeader)}, {Class: "content", Text: i18n.T(ctx, i18n.DemoPartClaims)}, {Class: "tag", Text: i18n.T(ctx, i18n.DemoPartSigned)},
	}}
	h.Opened = []ui.CodeView{document(ctx, i18n.PortalTryHeader, partOf(at, 0)), document(ctx, i18n.PortalTryATInside, partOf(at, 1))}
	return h
}

// derived adds to step E the keys that come of R (protocol section 5).
func derived(ctx context.Context, h portal.TryHalf) portal.TryHalf {
	line := func(name, info string) []ui.Span {
		return []ui.Span{{Class: "key", Text: name}, {Text: " = HKDF-SHA-256(R, salt: sid, info: "}, {Class: "string", Text: info}, {Text: ")"}}
	}
	h.Opened = append(h.Opened, ui.CodeView{Label: i18n.T(ctx, i18n.PortalTryDerived), Lines: [][]ui.Span{line("K_up", `"h5-access/v1 up"`), line("K_down", `"h5-access/v1 down"`)}})
	return h
}
