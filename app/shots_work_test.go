package app_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"

	"postern/app/approval"
	"postern/app/apptest"
	"postern/app/conformance"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/models"
)

// formOn is the form of a page that leads to action, as a browser without
// script would send it.
func formOn(page, action string) url.Values {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && leadsTo(n, action) {
			return fieldsOf(n)
		}
	}
	return nil
}

// leadsTo reports whether the form or one of its buttons sends it to action.
func leadsTo(form *html.Node, action string) bool {
	for n := range form.Descendants() {
		if n.Data == "button" && attribute(n, "formaction") == action {
			return true
		}
	}
	return attribute(form, "action") == action
}

func fieldsOf(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name, value := attribute(n, "name"), attribute(n, "value")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch kind := attribute(n, "type"); {
		case n.Data == "select":
			values.Set(name, chosenOf(n))
		case n.Data == "textarea" && n.FirstChild != nil:
			values.Set(name, n.FirstChild.Data)
		case n.Data == "input" && (kind != "radio" && kind != "checkbox" || has(n, "checked")):
			values.Add(name, value)
		}
	}
	return values
}

func chosenOf(list *html.Node) (value string) {
	first := true
	for n := range list.Descendants() {
		if n.Type == html.ElementNode && n.Data == "option" && (first || has(n, "selected")) {
			value, first = attribute(n, "value"), false
		}
	}
	return value
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// fill opens a page, writes into its form and sends it to action; it returns
// where that led.
func (s *studio) fill(as models.StaffRole, path, action string, values map[string]string) string {
	s.t.Helper()
	rec := s.send(as, path, action, values)
	if rec.Code != http.StatusSeeOther {
		s.t.Fatalf("%s as %s: status %d\n%s", action, as, rec.Code, words(rec))
	}
	s.Later(20 * time.Second)
	s.prove()
	return rec.Header().Get("Location")
}

// find is the address of the first link of a page that fits a pattern.
func (s *studio) find(as models.StaffRole, path, pattern string) string {
	s.t.Helper()
	page := s.people[as].get(path).Body.String()
	m := regexp.MustCompile(`(?:href|action)="(` + pattern + `)"`).FindStringSubmatch(page)
	if m == nil {
		s.t.Errorf("%s as %s has no link like %s", path, as, pattern)
		return path
	}
	return html.UnescapeString(m[1])
}

const because = "The contract of November covers it."

// work is a morning of the staff: what is asked for, decided, noted and stopped.
func (s *studio) work() {
	s.t.Helper()
	const officer, reviewer = models.OfficerRole, models.ReviewerRole
	const travel = "/console/partners/p_travel"
	s.fill(officer, travel+"/edit", travel, map[string]string{
		"contacts.0.kind": "security", "contacts.0.name": "何静", "contacts.0.phone": "+86 138 0000 6027", "contacts.0.email": "he.jing@lianhe.example",
		"contacts.1.kind": "technical", "contacts.1.name": "周一帆", "contacts.1.email": "zhou.yifan@lianhe.example", "reason": "Their security contact has changed.",
	})
	s.fill(officer, travel+"/notes", travel+"/notes", map[string]string{"note": "They move their offices in May; new addresses come in April."})
	s.fill(reviewer, travel+"/notes", travel+"/notes", map[string]string{"note": "复核了 2026 年的渗透测试报告，三项问题已整改。"})

	s.decide("approve", s.asked(officer, travel+"/applications/"+apptest.Travel+"/limits", travel+"/applications/"+apptest.Travel+"/limits", map[string]string{"daily_quota": "", "at_rate": "40", "reason": "Their traffic doubles for the new year."}))
	s.decide("reject", s.asked(officer, "/console/partners/p_nanfeng/resume", "/console/partners/p_nanfeng/resume", map[string]string{"reason": "They say that it is mended."}))
	s.decide("send-back", s.wizard("haixi", "Haixi Ferry 海西轮渡"))
	s.wizard("linjia", "Linjia Market 邻家超市")
	s.asked(officer, travel+"/grants/new?application="+apptest.Travel, travel+"/grants", map[string]string{"scope": "loan.basic:read", "purpose": "A short offer on the first screen", "reason": because})
	s.asked(officer, "/console/partners/p_nanfeng/resume", "/console/partners/p_nanfeng/resume", map[string]string{"reason": "Their report of the incident is in."})
	s.half("xinglu", "Xinglu Insurance 星路保险")
	s.register("travel-sandbox")
	s.secretive()
	s.conforms()
	s.ask("app_live_minipro2", "Lianhe mini programme 联合出行小程序", "Car instalments inside our mini programme; about 2,000 visits a day from December on.")
	s.fill(officer, "/console/partner-requests/1", "/console/partner-requests/1/answer", map[string]string{"text": "Which of your servers will ask for tokens?", "what": "question"})
	s.rotate()
	s.ask("app_live_tablets22", "Lianhe tablets 联合出行平板", "The tablets at our counters; 40 visits a day.")
	s.fill(models.SystemRole, "/console/settings/retention/edit", "/console/settings/retention", map[string]string{"retention.calls_days": "365", "reason": "The new rule of the records office."})

	export := s.asked(models.AuditRole, "/console/log/export?time=all", "/console/log/export", map[string]string{"reason": "Review of the third quarter, case 2026-118", "ask": "1"})
	s.fill(models.SecurityRole, export, export+"/approve", map[string]string{"reason": "The case is known to us."})
	s.export = export
	s.AT(apptest.Travel, nil)
	s.must(s.App.FlushUses(s.t.Context()))
}

// register registers a key of an application in the sandbox, and ends it in a week,
// as a partner's user does.
func (s *studio) register(application string) {
	s.t.Helper()
	user := s.user(developer)
	k := partners.Credential{ID: "next-sig", Application: application, JWK: string(s.PublicJWK("travel-next", "sig"))}
	s.adds(user, k)
	k.NotBefore = s.Clock.Now()
	s.must(s.App.SelfService().EndCredential(s.t.Context(), user, k, s.Clock.Now().AddDate(0, 0, 7), true))
	rests := partners.Credential{ID: "rests-sig", Application: application, JWK: string(s.PublicJWK("travel-rests", "sig"))}
	s.adds(user, rests)
	rests.NotBefore = s.Clock.Now()
	s.must(s.App.SelfService().FreezeCredential(s.t.Context(), user, rests, true))
}

// secretive makes an application in the sandbox that authenticates by a secret.
func (s *studio) secretive() {
	s.t.Helper()
	user := s.user(developer)
	s.must(s.App.SelfService().Create(s.t.Context(), user, partners.Application{
		ID: conforms, Partner: user.Partner, Name: "Lianhe coupons 联合出行优惠券", Environment: models.Sandbox, Suite: "A256",
		AuthMethod: models.ClientSecretBasic, Status: models.Active, AddressMode: models.AddressOff,
	}))
}

// conforms is the sandbox application that has conformance runs.
const conforms = "app_test_coupons222"

// user is somebody of the partner's team, as what they do is asked for.
func (s *studio) user(as models.StaffRole) selfservice.User {
	account := s.people[as].account
	return selfservice.User{By: approval.By{Account: account, Person: "person of " + account}, Partner: "p_travel"}
}

// conforms has had a run over the application with a secret, of which not everything is as
// it should be, and one that was stopped.
func (s *studio) conforms() {
	s.t.Helper()
	const client = conforms
	user, runs := s.user(developer), s.App.Conformance()
	account := user.Account
	s.must(runs.Begin(s.t.Context(), user, client))
	s.must(runs.Stop(s.t.Context(), user, client))
	s.Later(time.Second) // lists order runs by when they began
	now := s.Clock.Now().UnixMilli()
	id, err := ledger.NewID(s.Clock.Now(), s.Config.Rand)
	s.must(err)
	saw := func(w models.Weather, v models.Verdict, f models.Finding, asked int, waited int64) models.Observation {
		return models.Observation{Weather: w, Verdict: v, Finding: f, From: now, Until: now, FeltAt: now, Asked: asked, Waited: waited}
	}
	s.Write(func(tx *store.Tx, _ int64) error {
		return tx.BeginConformanceRun(models.ConformanceRun{
			ID: id, PartnerID: "p_travel", ApplicationID: client, AccountID: account, BeganAt: now, Stage: models.WrongOrigin, StageAt: now,
			Observed: []models.Observation{
				saw(models.ExpiredAT, models.AsItShould, models.NewAT, 1, 640),
				{Weather: models.ClockAhead, Verdict: models.NotFelt, Finding: models.HasSecret},
				saw(models.RetiredAK, models.AsItShould, models.NewAT, 2, 1210), saw(models.SpentAT, models.NotAsItShould, models.SameAT, 0, 2300),
				saw(models.RateLimit, models.NotAsItShould, models.TooEarly, 0, 900), saw(models.SlowUpstream, models.AsItShould, models.Calm, 1, 0),
				saw(models.UpstreamDown, models.NotSeen, models.NothingCame, 0, 0),
			},
		}, conformance.Kept)
	})
	s.must(runs.Skip(s.t.Context(), user, client, models.WrongOrigin))
}

// adds adds a credential, as a partner's user does.
func (s *studio) adds(user selfservice.User, k partners.Credential) {
	s.t.Helper()
	_, err := s.App.SelfService().AddCredential(s.t.Context(), user, k)
	s.must(err)
}

// rotate adds a key of Travel's in production, and asks for a further one that a second
// member is to confirm; somebody has asked to do without.
func (s *studio) rotate() {
	s.t.Helper()
	user := s.user(developer)
	account := user.Account
	s.adds(user, partners.Credential{ID: "live-sig", Application: apptest.Travel, JWK: string(s.PublicJWK("travel-live", "sig"))})
	var old partners.Credential
	s.must(s.App.Store().Business(s.t.Context(), func(b store.Business) error {
		r, err := partners.Of(b, "p_travel")
		old, _ = r.Credentials.Current(apptest.Travel + "-sig")
		return err
	}))
	s.must(s.App.SelfService().EndCredential(s.t.Context(), user, old, s.Clock.Now().AddDate(0, 0, 1), false))
	s.Exec("UPDATE partners SET second_member = TRUE, second_off_by = '" + account + "' WHERE id = 'p_travel'")
	s.adds(user, partners.Credential{ID: "later-sig", Application: apptest.Travel, JWK: string(s.PublicJWK("travel-later", "sig"))})
}

// ask asks the bank for an application in production, as a partner's user does.
func (s *studio) ask(id, name, reason string) {
	s.t.Helper()
	user := s.user(owner)
	_, err := s.App.SelfService().Ask(s.t.Context(), user, partners.Application{
		ID: id, Partner: user.Partner, Name: name, Environment: models.Production, Suite: "A256", AuthMethod: models.PrivateKeyJWT, Status: models.Active,
		AddressMode: models.AddressEnforce, Addresses: []string{"203.0.113.0/28"}, ReturnAddresses: []string{"lianhe://home"},
	}, reason, nil)
	s.must(err)
	s.Later(time.Minute)
}

// asked sends a form and returns the request's address.
func (s *studio) asked(as models.StaffRole, path, action string, values map[string]string) string {
	s.t.Helper()
	to, _, _ := strings.Cut(s.fill(as, path, action, values), "?")
	return to
}

// decide lets the reviewer decide a request.
func (s *studio) decide(how, request string) {
	s.t.Helper()
	if !strings.HasPrefix(request, "/console/approvals/") {
		return // what opens less was written at once
	}
	s.fill(models.ReviewerRole, request, request+"/comments", map[string]string{"comment": "Is this the new contract, or the old one?"})
	s.fill(models.ReviewerRole, request, request+"/"+how, map[string]string{"reason": "Compared with the contract, page 4."})
}

// half goes through the wizard up to its review.
func (s *studio) half(id, name string) (draft string) {
	s.t.Helper()
	const officer = models.OfficerRole
	to := s.fill(officer, "/console/onboarding/new", "/console/onboarding", map[string]string{
		"id": id, "name": name, "legal_name": "厦门" + id + "服务有限公司", "contract": "HT-2026-0401", "contract_ends": "2028-09-01", "risk": "medium",
		"contacts.0.kind": "security", "contacts.0.name": "林岚", "contacts.0.phone": "+86 138 0000 1180", "do": "continue",
	})
	draft = strings.TrimSuffix(to, "application")
	client := id + "-h5"
	s.fill(officer, draft+"application", draft+"application", map[string]string{
		"application.id": client, "application.name": name, "application.environment": "production", "application.return_addresses": "https://" + id + ".example/back",
		"application.sig": string(s.PublicJWK(client, "sig")), "application.enc": string(s.PublicJWK(client, "enc")), "do": "continue",
	})
	s.fill(officer, draft+"services", draft+"services", map[string]string{"service": apptest.Service, "do": "continue"})
	scopes := map[string]string{"do": "continue"}
	for _, scope := range []string{"loan.offer:read", "loan:apply"} {
		prefix := "scope." + code64(scope) + "."
		maps.Copy(scopes, map[string]string{prefix + "on": "yes", prefix + "purpose": "Loan offers at the checkout", prefix + "ends": "2028-09-01"})
	}
	s.fill(officer, draft+"scopes", draft+"scopes", scopes)
	s.kept = append(s.kept, draft)
	return draft
}

// wizard goes through it, hands in and returns the request's address.
func (s *studio) wizard(id, name string) string {
	s.t.Helper()
	draft := s.half(id, name)
	s.kept = s.kept[:len(s.kept)-1]
	return s.asked(models.OfficerRole, draft+"review", draft+"review", map[string]string{"reason": because})
}

// prove makes everybody's last proof one of now, as if they typed their codes.
func (s *studio) prove() {
	s.t.Helper()
	s.Exec(fmt.Sprintf("UPDATE sessions SET verified_at = %d WHERE verified_at > 0", s.Clock.Now().UnixMilli()))
}

// send is fill without an opinion of the answer.
func (s *studio) send(as models.StaffRole, path, action string, values map[string]string) *httptest.ResponseRecorder {
	s.t.Helper()
	page := s.people[as].get(path)
	form := formOn(page.Body.String(), action)
	if form == nil {
		s.t.Fatalf("%s as %s: status %d, no form to %s\n%s", path, as, page.Code, action, words(page))
	}
	for name, value := range values {
		form.Set(name, value)
	}
	return s.people[as].do(http.MethodPost, action, form)
}

// code64 is how addresses and fields write ids that hold colons.
func code64(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }
