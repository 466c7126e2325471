package app_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/bankfile"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// The staff of the pictures, by the names that they have in shots.
const (
	outsider  = models.StaffRole("nobody")    // has not signed in
	halfway   = models.StaffRole("halfway")   // has shown a password
	invited   = models.StaffRole("invited")   // has opened the link
	enrolling = models.StaffRole("enrolling") // has chosen a password
	newcomer  = models.StaffRole("newcomer")  // an officer who has done nothing yet
)

var staffNames = map[models.StaffRole]string{
	models.OfficerRole: "王磊", models.ReviewerRole: "赵宁", models.SecurityRole: "何静",
	models.SystemRole: "林涛", models.AuditRole: "孙悦", models.SupportRole: "许敏", newcomer: "周一帆",
}

// The portal's people; who stands half way in there is as in the console.
const (
	portal    = "portal " // begins their names
	owner     = models.StaffRole(portal) + models.StaffRole(models.PortalOwner)
	developer = models.StaffRole(portal) + models.StaffRole(models.PortalDeveloper)
	viewer    = models.StaffRole(portal) + models.StaffRole(models.PortalViewer)
	stranger  = portal + outsider
	other     = models.StaffRole(portal + "other") // an owner at another partner
)

var portalNames = map[models.StaffRole]string{owner: "周航", developer: "钱多", viewer: "沈悦", other: "郑南"}

// standing is how far somebody has come into their house.
func standing(who models.StaffRole) models.StaffRole {
	return models.StaffRole(strings.TrimPrefix(string(who), portal))
}

// studio is the gateway whose screens are taken, and those who use them at their browsers.
type studio struct {
	*apptest.World
	t      *testing.T
	houses map[string]string // addresses
	people map[models.StaffRole]*somebody
	link   string   // to set up an account, unused
	linked string   // the same, of the portal
	seated int      // who was let into the portal
	vid    string   // of the visit with most to see
	jti    string   // of an AT that was never traded in
	left   string   // the address of an account that was disabled
	kept   []string // of a wizard
	export string   // address of an approved request for an export
}

// newStudio opens a gateway and lets its staff in; full, it has had some busy hours.
func newStudio(t *testing.T, full bool) *studio {
	t.Helper()
	return newStudioOn(t, storetest.SQLiteConfig(t), full)
}

// newStudioOn is newStudio on a database, with more of its configuration changed.
func newStudioOn(t *testing.T, db store.Config, full bool, change ...func(*app.Config)) *studio {
	t.Helper()
	if testing.Short() {
		t.Skip("hours of a gateway's work take long under the race detector, which others try")
	}
	p := newProvider(t)
	var w *apptest.World
	partners := serving(t, func() http.Handler { return w.PortalHandler() })
	w, address := servedWith(t, db, p, func(o *apptest.Options) {
		console := o.Config
		o.Config = func(c *app.Config) {
			console(c)
			c.Bank, c.BankZH, c.Portal.Address = "Haitang Bank", "海棠银行", partners
			c.Evidence.Every = time.Hour // when there are checkpoints the world says
			c.Idle = true                // or a slow machine would show alerts that a quick one does not
			if full {
				c.Evidence.Anchor = filepath.Join(t.TempDir(), "anchor.jsonl")
			}
			for _, f := range change {
				f(c)
			}
		}
		o.Seed = furnished(full)
	})
	s := &studio{World: w, t: t, houses: map[string]string{consoleHouse: address, portalHouse: partners}, people: map[models.StaffRole]*somebody{}}
	if full {
		s.furnish()
	}
	s.hire()
	if full {
		s.seat()
		s.live()
	}
	s.signInAll()
	s.comeHalf()
	if full {
		s.portalHalf()
	}
	return s
}

// furnished is the seed: the default one in words for people, or nothing.
func furnished(full bool) func(*apptest.Seed) {
	return func(seed *apptest.Seed) {
		if !full {
			*seed = apptest.Seed{}
			return
		}
		profiles := []models.Partner{
			{Name: "Lianhe Travel 联合出行", LegalName: "上海联合出行科技有限公司", CreditCode: "91350100M000100Y43", Contract: "HT-2026-0317", ContractEnds: "2027-06-30", Risk: models.RiskMedium},
			{Name: "Chengzi Rent 橙子租房", LegalName: "杭州橙子租房信息服务有限公司", Contract: "HT-2025-0142", ContractEnds: "2026-12-31", Risk: models.RiskLow},
			{Name: "Nanfeng 南风", LegalName: "南风数据服务有限公司", Contract: "HT-2025-0077", ContractEnds: "2026-11-30", Risk: models.RiskHigh},
		}
		for i := range seed.Partners {
			profiles[i].ID, profiles[i].Status = seed.Partners[i].ID, seed.Partners[i].Status
			seed.Partners[i] = profiles[i]
			seed.Applications[i].Name = profiles[i].Name
		}
		titles := map[string]string{
			"loan.offer:read": "Read the loan offer", "loan.basic:read": "Read that there is an offer", "account.balance:read": "Read an account's balance",
			"loan:apply": "Apply for the loan", "me:read": "List the customer's accounts", "session:open": "Sign in at the bank",
		}
		for i := range seed.Scopes {
			seed.Scopes[i].Title = titles[seed.Scopes[i].ID]
			seed.Scopes[i].Offered = seed.Scopes[i].ID != "session:open"
		}
		for i := range seed.Routes {
			if seed.Routes[i].ID == "offers" {
				seed.Routes[i].SampleReply = apptest.Offers
			}
		}
		for i := range seed.Grants {
			seed.Grants[i].Purpose = "Loan offers inside the partner's app"
		}
		seed.Services[0].Name = "Car instalments 购车分期"
		seed.Services[0].APIID = "OP10972302H5010000000001"
	}
}

// furnish applies testdata/shots.yaml, as long as nobody of the staff would have
// to agree.
func (s *studio) furnish() {
	s.t.Helper()
	text, err := os.ReadFile("testdata/shots.yaml")
	s.must(err)
	document, err := bankfile.Read("shots.yaml", text, nil)
	s.must(err)
	_, err = document.Apply(s.t.Context(), s.App.Store(), bankfile.Options{Now: s.Clock.Now()}, rand.Reader)
	s.must(err)
	s.Refresh()
}

func (s *studio) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// hire sets up an account of each role, and some that stand half way.
func (s *studio) hire() {
	s.t.Helper()
	known := s.App.Identity()
	links, err := known.SetUp(s.t.Context(), "command line")
	s.must(err)
	for _, role := range append(models.StaffRoles, newcomer) {
		var link identity.Link
		given := role
		if role == newcomer {
			given = models.OfficerRole
		}
		for _, l := range links {
			if l.Role == role {
				link = l
			}
		}
		if link.Token == "" {
			link, err = known.Invite(s.t.Context(), "command line", identity.Invitation{Login: string(role), Name: staffNames[role], Roles: []models.StaffRole{given}})
			s.must(err)
		}
		s.people[role] = enrolled(s.t, s.World, link, string(role), staffNames[role])
	}
}

// signInAll lets everybody in anew: no session outlives the hours that were
// played, and what matters asks for a proof of the last minutes.
func (s *studio) signInAll() {
	s.t.Helper()
	for _, role := range append(slices.Clone(models.StaffRoles), newcomer) { // each takes some time
		b := s.people[role]
		b.jar, b.agent = map[string]string{}, "Mozilla/5.0 (Windows NT 10.0) Chrome/142.0.0.0 Edg/142.0.0.0"
		b.comeIn(b.code)
	}
}

// comeHalf is who stands on the way in: at the second factor, and at each step
// of the set-up.
func (s *studio) comeHalf() {
	s.t.Helper()
	s.left = s.leaver()
	half := visitor(s.t, s.World)
	half.post("/console/sign-in", "login", s.people[newcomer].login, "password", passphrase)
	s.people[halfway], s.people[outsider] = half, visitor(s.t, s.World)
	s.Exec(fmt.Sprintf("UPDATE sessions SET verified_at = %d WHERE account_id = '%s'", s.Clock.Now().Add(-time.Hour).UnixMilli(), s.people[newcomer].account))
	s.link = s.invite(models.AuditRole).Token
	for name, role := range map[models.StaffRole]models.StaffRole{invited: models.SupportRole, enrolling: models.ReviewerRole} {
		b, link := visitor(s.t, s.World), s.invite(role)
		b.leads(b.post("/console/setup/"+link.Token), "/console/enrol")
		if name == enrolling {
			b.leads(b.post("/console/enrol", "login", "wu.fan", "name", "吴帆", "password", passphrase, "again", passphrase), "/console/enrol/authenticator")
		}
		b.account = link.Account.ID
		s.people[name] = b
	}
}

// invite makes a link for somebody new.
func (s *studio) invite(role models.StaffRole) identity.Link {
	s.t.Helper()
	link, err := s.App.Identity().Invite(s.t.Context(), "command line", identity.Invitation{Login: "new-" + string(role), Name: "吴帆", Roles: []models.StaffRole{role}})
	s.must(err)
	return link
}

// seat lets users of two partners into the portal. They take their time: no clock
// goes on for them.
func (s *studio) seat() {
	s.t.Helper()
	for _, who := range []models.StaffRole{owner, developer, viewer, other} {
		partner, role := "p_travel", models.PortalRole(standing(who))
		if who == other {
			partner, role = "p_nanfeng", models.PortalOwner
		}
		b := visitorOf(s.t, s.World, portalHouse)
		b.enrol(s.letIn(partner, role, portalNames[who]), string(standing(who))+"@portal.example", portalNames[who], b.next)
		s.people[who] = b
	}
	s.letIn("p_travel", models.PortalOwner, "陆遥") // has not come yet
}

// letIn makes a link of the portal.
func (s *studio) letIn(partner string, role models.PortalRole, name string) identity.Link {
	s.t.Helper()
	s.seated++
	link, err := s.App.Users().InviteUser(s.t.Context(), "command line", partner, identity.MemberInvitation{
		Name: name, Email: fmt.Sprintf("%s.%d@lianhe.example", role, s.seated), Role: role, Production: role == models.PortalOwner,
	})
	s.must(err)
	return link
}

// portalHalf lets the portal's people in anew, and has some stand on the way.
func (s *studio) portalHalf() {
	s.t.Helper()
	for _, who := range []models.StaffRole{owner, developer, viewer, other} {
		b := s.people[who]
		b.jar, b.agent = map[string]string{}, s.people[models.OfficerRole].agent
		if who == owner { // with two browsers
			b.comeIn(b.last)
			b.jar = map[string]string{}
		}
		b.comeIn(b.next)
	}
	s.Exec(fmt.Sprintf("UPDATE sessions SET verified_at = %d WHERE account_id = '%s'", s.Clock.Now().Add(-time.Hour).UnixMilli(), s.people[viewer].account))
	s.linked = s.letIn("p_travel", models.PortalViewer, "何明").Token
	for _, who := range []models.StaffRole{outsider, halfway, invited, enrolling} {
		s.people[portal+who] = visitorOf(s.t, s.World, portalHouse)
	}
	s.people[portal+halfway].post("/portal/sign-in", "login", s.people[viewer].login, "password", passphrase)
	for _, who := range []models.StaffRole{invited, enrolling} {
		b, link := s.people[portal+who], s.letIn("p_travel", models.PortalDeveloper, "吴帆")
		if who == enrolling {
			b.begin(link, "wu.fan@lianhe.example", "吴帆")
			continue
		}
		b.account = link.Account.ID
		b.leads(b.post("/portal/setup/"+link.Token), "/portal/enrol")
	}
}

// serving is the address of what answers from now on.
func serving(t *testing.T, handler func() http.Handler) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler().ServeHTTP(rw, r) }))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// leaver is the address of an account that was invited and is disabled.
func (s *studio) leaver() string {
	s.t.Helper()
	link, err := s.App.Identity().Invite(s.t.Context(), "command line", identity.Invitation{Login: "qian.yu", Name: "钱玉", Roles: []models.StaffRole{models.SupportRole}})
	s.must(err)
	page := "/console/staff/" + link.Account.ID
	s.fill(models.SystemRole, page, page+"/disable", nil)
	return page
}

// live lets some hours pass: visits of every kind, and what the staff does meanwhile.
func (s *studio) live() {
	s.t.Helper()
	for hour := range 8 {
		s.traffic(3 + hour*2)
		s.Later(25 * time.Minute)
	}
	s.refusals()
	s.Later(680 * time.Minute) // to the next morning
	for range 6 {
		s.traffic(8)
		s.refusals()
		s.Later(7 * time.Minute)
	}
	s.signInAll()
	s.work()
	s.Write(func(tx *store.Tx, now int64) error {
		return tx.SaveFreeze(models.Freeze{
			ID: apptest.NewID(), TargetKind: models.FreezePartner, TargetID: "yunqi", Stops: models.FreezeAll, Reason: "A phone with their key was stolen.",
			StartedAt: now, StartedBy: s.people[models.SecurityRole].account,
		}, now)
	})
	s.alert()
	s.Rotate(models.ApplicationKey)
	s.Restart()
	vouch(s.World)
	_, err := s.App.Evidence().Check(s.t.Context())
	s.must(err)
	s.Later(2 * time.Minute) // the sign-ins to come take as long again as the new key waits
	s.traffic(6)
	s.refusals()
	s.story()
	s.announce()
	s.hook()
	s.Restart() // what was queued is on disk
	vouch(s.World)
}

// announce tells partners something of each kind, in force, to come and withdrawn.
func (s *studio) announce() {
	s.t.Helper()
	now, officer := s.Clock.Now(), s.people[models.OfficerRole].account
	list := []models.Announcement{
		{WithdrawnAt: now.UnixMilli(), Kind: models.Alteration, TitleEN: "New certificates", TextEN: "Never mind.", StartsAt: now.UnixMilli(), EndsAt: now.AddDate(0, 0, 3).UnixMilli()},
		{
			Kind: models.Maintenance, ServiceID: apptest.Service, TitleZH: "购车分期例行维护", TextZH: "维护期间页面暂停，约二十分钟。\n无须操作，之后请重新打开页面。", TitleEN: "Maintenance of car instalments",
			TextEN:   "The pages rest for some twenty minutes.\nYou need to do nothing; open them anew afterwards.",
			StartsAt: now.Truncate(time.Hour).AddDate(0, 0, 4).UnixMilli(), EndsAt: now.Truncate(time.Hour).AddDate(0, 0, 4).Add(2 * time.Hour).UnixMilli(),
		},
		{Kind: models.Incident, TitleZH: "部分访问变慢", TextZH: "自今晨起部分调用需要数秒，正在处理。", StartsAt: now.Add(-2 * time.Hour).UnixMilli(), EndsAt: now.Add(22 * time.Hour).UnixMilli()},
		{
			Kind: models.Information, TitleZH: "网关密钥将于下月轮换", TextZH: "无须操作：AK 随 AT 下发。", TitleEN: "A new AK next month", TextEN: "Your servers need to do nothing: an AK travels in the AT.",
			StartsAt: now.UnixMilli(), EndsAt: now.AddDate(0, 0, 20).UnixMilli(),
		},
	}
	s.Write(func(tx *store.Tx, _ int64) error { // at once, and under ids of their own: what waits lets others be first
		for i, a := range list {
			a.ID = fmt.Sprintf("01a20631-0000-7000-8000-%012d", i)
			a.CreatedAt, a.CreatedBy, a.UpdatedAt, a.UpdatedBy = now.UnixMilli(), officer, now.UnixMilli(), officer
			if err := tx.CreateAnnouncement(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// hook is a partner's program, which was told of some things and did not take others.
func (s *studio) hook() {
	s.t.Helper()
	hook := models.Webhook{ID: apptest.NewID(), PartnerID: "p_travel", URL: "https://hooks.lianhe.example/postern", Topics: []models.Topic{models.TopicEnding, models.TopicThawed}}
	s.Write(func(tx *store.Tx, now int64) error {
		hook.CreatedAt, hook.UpdatedAt = now, now
		if err := tx.CreateWebhook(hook); err != nil {
			return err
		}
		body := `{"id":"…","iss":"https://gateway.bank.example","topic":"credential.ending","data":{"id":"live-sig"}}`
		return tx.AddWebhookDeliveries([]models.WebhookDelivery{
			{ID: "1-" + apptest.NewID(), WebhookID: hook.ID, Topic: models.TopicEnding, Body: body, Attempts: 1, Status: 204, SentAt: now},
			{ID: "2-" + apptest.NewID(), WebhookID: hook.ID, Topic: models.TopicDecided, Body: body, Attempts: 30, Status: 500, Answer: "Internal Server Error", GaveUpAt: now},
			{ID: "3-" + apptest.NewID(), WebhookID: hook.ID, Topic: models.TopicTest, Body: body, Attempts: 2, Answer: "private_address", DueAt: now + 3*time.Hour.Milliseconds()}, // no test waits for so long: nothing is sent
		})
	})
}

// traffic is visits that go well.
func (s *studio) traffic(n int) {
	s.t.Helper()
	for i := range n {
		client := apptest.Travel
		if i%3 == 2 {
			client = apptest.Rent
		}
		p := s.NewVisit(client, url.Values{"subject": {"user-" + apptest.NewID()[:8]}})
		p.Get("/loans/offers")
		if client == apptest.Travel && i%2 == 0 {
			s.Later(3 * time.Second)
			p.Get("/accounts/6228480402564890018/balance")
		}
		s.Later(11 * time.Second)
	}
}

// refusals is one of each of what goes wrong.
func (s *studio) refusals() {
	s.t.Helper()
	s.PostForm("/oauth/token", s.TokenForm(apptest.Nanfeng))
	s.Later(2 * time.Second)
	foreign := s.NewPage(s.AT(apptest.Rent, url.Values{"subject": {"user-77120031"}}))
	foreign.Origin = "https://loan-bank.example"
	foreign.TryOpen()
	s.Later(5 * time.Second)
	p := s.NewVisit(apptest.Travel, url.Values{"subject": {"user-20817733"}})
	s.NewPage(p.AT).TryOpen()
	p.Get("/nowhere")
	s.Later(time.Second)
	s.NewVisit(apptest.Rent, nil).Get("/accounts/6228480402564890018/balance")
	form := s.TokenForm(apptest.Rent)
	form.Set("scope", "loan:apply")
	s.PostForm("/oauth/token", form)
}

// story is the visit of the X-ray, and an AT that nobody used.
func (s *studio) story() {
	s.t.Helper()
	p := s.NewVisit(apptest.Travel, url.Values{"subject": {"user-20817733"}})
	s.Later(900 * time.Millisecond)
	p.Get("/loans/offers")
	s.Later(4 * time.Second)
	p.Call(p.Plain(http.MethodPost, "/session/sign-in"))
	s.Later(2 * time.Second)
	p.Get("/me/accounts")
	s.Later(3 * time.Second)
	p.Get("/loans/letter")
	p.Get("/nowhere")
	s.vid = p.Visit.VID
	s.jti = s.Claims(s.AT(apptest.Travel, nil)).JTI
}

// alert is what the watch would have raised about a partner's refusals.
func (s *studio) alert() {
	s.Write(func(tx *store.Tx, now int64) error {
		_, err := tx.RaiseAlert(models.Alert{
			ID: apptest.NewID(), Rule: "refusals", SubjectKind: "application", SubjectID: apptest.Nanfeng, SubjectName: "Nanfeng 南风", Severity: models.Critical,
			FirstAt: now - 600_000, LastAt: now, Count: 12, RemindedAt: now,
			Numbers: map[string]string{"refused": "41", "answered": "48", "percent": "85", "hours": "2", "limit": "20", "limit_percent": "20"},
		})
		return err
	})
}
