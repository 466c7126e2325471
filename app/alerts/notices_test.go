package alerts_test

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/alerts"
	"postern/app/alerts/post"
	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/config"
	"postern/app/identity"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

var update = flag.Bool("update", false, "write the golden files anew")

func (s *scene) notices() alerts.Notices {
	n, err := app.NoticesOf(s.config, "https://console.bank.example", rand.Reader)
	if err != nil {
		s.T.Fatal(err)
	}
	n.Portal, n.Bank = "https://partners.bank.example", func(i18n.Lang) string { return "Haitang Bank" }
	return n
}

// person puts somebody of the staff into the house, with an address.
func (s *scene) person(id string, change func(*models.Account), roles ...models.StaffRole) {
	s.T.Helper()
	a := models.Account{
		ID: "stf_" + id, PersonID: "per_" + id, Realm: models.StaffRealm, Login: id, Name: id, Email: id + "@bank.example",
		Status: models.AccountActive, Language: "en",
	}
	if change != nil {
		change(&a)
	}
	s.Write(func(tx *store.Tx, now int64) error {
		if err := tx.SavePerson(models.Person{ID: a.PersonID, Name: a.Name, CreatedAt: now}); err != nil {
			return err
		}
		if err := tx.SaveAccount(a); err != nil {
			return err
		}
		for _, role := range roles {
			if err := tx.GiveRole(models.StaffRoleRow{AccountID: a.ID, PersonID: a.PersonID, Role: role}); err != nil {
				return err
			}
		}
		return nil
	})
}

// staff are an officer who asks, two reviewers, one of whom reads Chinese, and
// others who are not to be written to.
func (s *scene) staff() {
	s.T.Helper()
	s.person("officer", func(a *models.Account) { a.Name = "Lin Tao" }, models.OfficerRole, models.ReviewerRole)
	s.person("reviewer", nil, models.ReviewerRole)
	s.person("fuhe", func(a *models.Account) { a.Language = "zh-CN" }, models.ReviewerRole)
	s.person("gone", func(a *models.Account) { a.Status = models.AccountDisabled }, models.ReviewerRole)
	s.person("invited", func(a *models.Account) { a.Status = models.AccountInvited }, models.ReviewerRole)
	s.person("silent", func(a *models.Account) { a.Email = "" }, models.ReviewerRole)
	s.person("twin", func(a *models.Account) { a.PersonID = "per_officer" }, models.ReviewerRole)
	s.person("support", nil, models.SupportRole)
	s.person("system", nil, models.SystemRole)
	s.person("audit", nil, models.AuditRole)
}

func (s *scene) approvals() *approval.Approvals {
	return approval.New(approval.Options{
		Store: s.App.Store(), Kinds: app.ApprovalKinds(), Tell: s.notices(), Now: s.Clock.Now, Rand: rand.Reader,
	})
}

var officer = approval.By{Account: "stf_officer", Person: "per_officer"}

func partnerContent(s *scene, id string) string {
	text, err := bankfile.Compose(partners.Partner{ID: id, Name: "P", Status: models.Active})
	if err != nil {
		s.T.Fatal(err)
	}
	return text
}

// ask asks for a partner and returns the request's number.
func (s *scene) ask(subject, id string) int64 {
	s.T.Helper()
	out, err := s.approvals().Submit(s.T.Context(), officer, approval.Ask{
		Kind: bankfile.Kind, Subject: subject, Content: partnerContent(s, id), Reason: "secret words of a reason",
	})
	if err != nil || out.Request == 0 {
		s.T.Fatalf("asked: %+v, %v", out, err)
	}
	return out.Request
}

// told sends what is due and returns each mail's reader with its text.
func (s *scene) told(mail *receiver, more map[string]post.Sender) map[string][]post.Message {
	s.T.Helper()
	senders := map[string]post.Sender{"mail": mail}
	for name, sender := range more {
		senders[name] = sender
	}
	if _, err := s.outbox(senders).Send(s.T.Context()); err != nil {
		s.T.Error(err)
	}
	byReader := map[string][]post.Message{}
	for _, m := range mail.messages() {
		byReader[strings.Join(m.To, ",")] = append(byReader[strings.Join(m.To, ",")], m)
	}
	return byReader
}

func TestWhoMayDecideIsToldAndNobodyElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		number := s.ask("partner lianhe", "p1")
		mail, wecom := &receiver{}, &receiver{room: 2048}
		if got := s.told(mail, nil); len(got) != 0 {
			t.Fatalf("told before more could come: %v", got)
		}
		s.Clock.Add(time.Minute)
		got := s.told(mail, map[string]post.Sender{"wecom": wecom})
		if len(got) != 2 || len(got["reviewer@bank.example"]) != 1 || len(got["fuhe@bank.example"]) != 1 {
			t.Fatalf("told %v", got)
		}
		golden(t, "asked.en", got["reviewer@bank.example"][0])
		golden(t, "asked.zh-CN", got["fuhe@bank.example"][0])
		if group := wecom.messages(); len(group) != 1 || group[0].To != nil || !strings.Contains(group[0].Text, "变更申请 1 待复核") {
			t.Errorf("the group: %+v", group)
		}
		for _, m := range append(mail.messages(), wecom.messages()...) {
			if strings.Contains(m.Text+m.Title, "secret words") || !strings.Contains(m.Text, fmt.Sprintf("https://console.bank.example/console/approvals/%d\n", number)) {
				t.Errorf("message:\n%s", m.Text)
			}
		}
		s.Clock.Add(time.Minute)
		if s.told(mail, map[string]post.Sender{"wecom": wecom}); len(mail.messages())+len(wecom.messages()) != 3 {
			t.Error("it was told twice")
		}
	})
}

// golden compares a message with its file.
func golden(t *testing.T, name string, m post.Message) {
	t.Helper()
	file := filepath.Join("testdata", "notice."+name+".golden")
	got := m.Title + "\n\n" + m.Text
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s: %v, have\n%s\nwant\n%s", file, err, got, want)
	}
}

func (s *scene) verdict(number int64) approval.Verdict {
	s.T.Helper()
	r, _, err := s.App.Store().RequestByID(s.T.Context(), number)
	if err != nil {
		s.T.Fatal(err)
	}
	return approval.Verdict{Request: number, ContentHash: r.ContentHash, PlanHash: r.PlanHash, Reason: "secret words of a decision"}
}

func TestTheMakerIsToldWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	checker := approval.By{Account: "stf_reviewer", Person: "per_reviewer"}
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		a, ctx := s.approvals(), t.Context()
		for _, tc := range []struct {
			name string
			do   func(number int64) error
			want string
		}{
			{"approved", func(n int64) error { return a.Approve(ctx, checker, s.verdict(n)) }, "was approved and has taken effect"},
			{"sent back", func(n int64) error { return a.SendBack(ctx, checker, s.verdict(n)) }, "was sent back"},
			{"rejected", func(n int64) error { return a.Reject(ctx, checker, s.verdict(n)) }, "was rejected"},
			{"outdated", func(n int64) error {
				s.Exec("UPDATE change_requests SET plan_hash = 'moved' WHERE state = 'submitted'")
				if err := a.Approve(ctx, checker, s.verdict(n)); !errors.Is(err, approval.ErrOutdated) {
					return err
				}
				return nil
			}, "is outdated"},
			{"expiring and expired", func(int64) error {
				if n, err := a.Warn(ctx); n != 0 || err != nil {
					t.Errorf("warned of %d, %v", n, err)
				}
				s.Clock.Add(approval.Life - 23*time.Hour)
				for _, want := range []int{1, 0} {
					if n, err := a.Warn(ctx); n != want || err != nil {
						t.Errorf("warned of %d, want %d, %v", n, want, err)
					}
				}
				s.Clock.Add(time.Minute)
				if got := s.told(&receiver{}, nil)["officer@bank.example"]; len(got) != 1 || !strings.Contains(got[0].Text, "ends soon") {
					t.Errorf("before its end: %v", got)
				}
				s.Clock.Add(24 * time.Hour)
				_, err := a.Expire(ctx)
				return err
			}, "nobody decided it in time"},
			{"withdrawn", func(n int64) error { return a.Withdraw(ctx, officer, n) }, ""},
		} {
			number := s.ask("partner p", "p_"+strings.ReplaceAll(tc.name, " ", ""))
			if err := tc.do(number); err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			s.Clock.Add(time.Minute)
			mail := &receiver{}
			got := s.told(mail, nil)
			mine := got["officer@bank.example"]
			if tc.want == "" {
				if len(got) != 0 {
					t.Errorf("%s: told %v", tc.name, got)
				}
				continue
			}
			if len(mine) != 1 || !strings.Contains(mine[0].Text, tc.want) || strings.Contains(mine[0].Text, "secret words") {
				t.Errorf("%s: told %v", tc.name, got)
			}
			// Who was to decide need not any more.
			if tc.name != "expiring and expired" && len(got) != 1 {
				t.Errorf("%s: told others, too: %v", tc.name, got)
			}
		}
	})
}

var errBroken = errors.New("broken")

func TestWhatIsRolledBackIsNotTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		before := s.Count("deliveries")
		content := partnerContent(s, "p")
		err := s.App.Store().Write(t.Context(), func(tx *store.Tx) error {
			w := change.Writer{Tx: tx, Now: s.Clock.Now(), Rand: rand.Reader}
			r := models.ChangeRequest{
				Kind: bankfile.Kind, Subject: "partner p", Content: content, Maker: officer.Account, MakerPerson: officer.Person,
				State: models.RequestSubmitted,
			}
			if err := tx.CreateRequest(&r); err != nil {
				return err
			}
			if err := s.notices().TellOfRequest(w, r, models.NewsAsked); err != nil {
				return err
			}
			return errBroken
		})
		if !errors.Is(err, errBroken) || s.Count("deliveries") != before || s.Count("change_requests") != 0 {
			t.Errorf("%v; %d deliveries", err, s.Count("deliveries")-before)
		}
		s.ask("partner p", "p")
		if got := s.Count("deliveries") - before; got != 3 { // two reviewers and the group
			t.Errorf("%d deliveries", got)
		}
	})
}

func TestADeadMailServerIsTriedAgainAndLosesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		s.ask("partner p", "p")
		s.Clock.Add(time.Minute)
		mail := &receiver{fails: 2}
		o := s.outbox(map[string]post.Sender{"mail": mail})
		if _, err := o.Send(t.Context()); err == nil || !strings.Contains(err.Error(), "mail/stf_reviewer: down") {
			t.Errorf("no fault was told: %v", err)
		}
		if _, err := o.Send(t.Context()); err != nil || len(mail.messages()) != 0 {
			t.Errorf("tried before its time: %v", err)
		}
		s.Restart()
		s.Clock.Add(30 * time.Second)
		if got := s.told(mail, nil); len(got) != 2 {
			t.Errorf("told %v", got)
		}
	})
}

func TestAFloodIsOneMessageForEach(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		for i := range 100 {
			s.ask(fmt.Sprintf("partner p%d", i), fmt.Sprintf("p%d", i))
			s.Clock.Add(500 * time.Millisecond)
			if i%40 == 39 { // the job comes every 20 s
				if got := s.told(&receiver{}, nil); len(got) != 0 {
					t.Fatalf("told %v", got)
				}
			}
		}
		s.Clock.Add(time.Minute)
		mail, wecom := &receiver{}, &receiver{room: 2048}
		got := s.told(mail, map[string]post.Sender{"wecom": wecom})
		if len(mail.messages()) != 2 || len(wecom.messages()) != 1 {
			t.Fatalf("%d mails, %d to the group", len(mail.messages()), len(wecom.messages()))
		}
		m := got["reviewer@bank.example"][0]
		if m.Title != "Postern: 100 pieces of news of requests" || strings.Count(m.Text, "waits for a decision") != 100 {
			t.Errorf("%s\n%s", m.Title, m.Text)
		}
		if g := wecom.messages()[0]; len(g.Text) > 2048 || g.More == 0 || !strings.Contains(g.Text, "https://console.bank.example/console/approvals\n") {
			t.Errorf("the group, %d octets:\n%s", len(g.Text), g.Text)
		}
	})
}

// Whoever chooses a name or a file's name chooses no header and no line.
func TestANameIsALineAndNoMore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		s.Exec("UPDATE accounts SET name = 'Lin\r\nBcc: evil@example.com\u2028Tao' WHERE id = 'stf_officer'")
		s.ask("partner x\r\nhttps://evil.example\u0085\u202eabc", "p1")
		s.ask("file "+strings.Repeat("名", 20_000), "p2")
		s.Clock.Add(time.Minute)
		m := s.told(&receiver{}, nil)["reviewer@bank.example"]
		if len(m) != 1 || len(m[0].Text) > 2000 || strings.ContainsAny(m[0].Text, "\r\u2028\u0085\u202e") || strings.ContainsAny(m[0].Title, "\r\n") {
			t.Fatalf("%+v", m)
		}
		for line := range strings.Lines(m[0].Text) {
			if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "https://evil") {
				t.Errorf("a line of its own: %q", line)
			}
		}
	})
}

// Roles and addresses count as they are when the mail is written.
func TestWhoMayNoLongerDecideIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		s.ask("partner p", "p")
		s.Exec("UPDATE accounts SET status = 'disabled' WHERE id = 'stf_fuhe'")
		s.Exec("DELETE FROM staff_roles WHERE account_id = 'stf_reviewer'")
		s.Clock.Add(time.Minute)
		if got := s.told(&receiver{}, nil); len(got) != 0 {
			t.Errorf("told %v", got)
		}
		if s.Count("deliveries WHERE receiver LIKE 'mail/%' AND gave_up_at = 0") != 0 {
			t.Error("it waits on")
		}
	})
}

func TestAProgramReadsNumbersAndNoSentences(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.config.Webhook.URL = config.NewSecret("https://hook.example/")
		s.staff()
		number := s.ask("partner p", "p")
		s.Clock.Add(time.Minute)
		hook := &receiver{}
		s.told(&receiver{}, map[string]post.Sender{"webhook": hook})
		if len(hook.messages()) != 1 || len(hook.messages()[0].Requests) != 1 {
			t.Fatalf("told %+v", hook.messages())
		}
		want := post.RequestEntry{
			Number: number, News: "asked", Kind: "business", Subject: "partner p", State: "submitted", MadeAt: s.Clock.Now().Add(-time.Minute).UnixMilli(),
			ExpiresAt: s.Clock.Now().Add(approval.Life - time.Minute).UnixMilli(), Address: fmt.Sprintf("https://console.bank.example/console/approvals/%d", number),
		}
		if got := hook.messages()[0].Requests[0]; got != want {
			t.Errorf("have %+v\nwant %+v", got, want)
		}
	})
}

func TestAReceiverThatWantsNoApprovalsGetsNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.config.Mail.Approvals, s.config.WeCom.Approvals = false, false
		s.staff()
		s.ask("partner p", "p")
		if n := s.Count("deliveries"); n != 0 {
			t.Errorf("%d deliveries", n)
		}
	})
}

func TestARecoveredAccountIsToldOfAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		s.person("security", nil, models.SecurityRole)
		known := s.App.Identity()
		for login, want := range map[string]error{
			"nobody": identity.ErrNoAccount, "gone": identity.ErrDisabled, "invited": identity.ErrNotIn, "reviewer": identity.ErrNoOffice, "audit": identity.ErrNoOffice,
		} {
			if _, err := known.Recover(t.Context(), "command line", login, s.notices()); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", login, err, want)
			}
		}
		link, err := known.Recover(t.Context(), "command line", "SYSTEM", s.notices())
		if err != nil || link.Token == "" || link.Role != models.SystemRole {
			t.Fatalf("%+v, %v", link, err)
		}
		if _, err := known.LinkAccount(t.Context(), models.StaffRealm, link.Token); err != nil {
			t.Errorf("the link: %v", err)
		}
		if s.Count("events WHERE kind = 'account.recovered' AND alarm AND actor = 'command line'") != 1 {
			t.Error("no alarm is on record")
		}
		wecom := &receiver{}
		got := s.told(&receiver{}, map[string]post.Sender{"wecom": wecom})
		if len(got) != 3 || len(got["system@bank.example"]) != 1 || len(got["security@bank.example"]) != 1 || len(got["audit@bank.example"]) != 1 || len(wecom.messages()) != 1 {
			t.Fatalf("told %v", got)
		}
		golden(t, "recovered.en", got["security@bank.example"][0])
		// Two others could agree to it: the console is the way.
		s.person("system2", nil, models.SystemRole)
		s.person("security2", nil, models.SecurityRole)
		if _, err := known.Recover(t.Context(), "command line", "system", s.notices()); !errors.Is(err, identity.ErrHelped) {
			t.Errorf("with two others: %v", err)
		}
	})
}

// The bank's officers are told what a partner says, and whoever asked there what the
// bank says.
func TestBothSidesAreToldOfAPartnersRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		s.person("officer2", nil, models.OfficerRole)
		s.person("asker", func(a *models.Account) { a.Realm = models.PortalRealm })
		s.Write(func(tx *store.Tx, now int64) error {
			return tx.SaveMember(models.Member{AccountID: "stf_asker", PartnerID: "p_travel", Role: models.PortalOwner, Production: true, GivenAt: now})
		})
		ctx, service := t.Context(), selfservice.New(selfservice.Options{
			Store: s.App.Store(), Approvals: s.approvals(), Tell: s.notices(), Now: s.Clock.Now, Rand: rand.Reader,
		})
		asker := selfservice.User{By: approval.By{Account: "stf_asker", Person: "per_asker"}, Partner: "p_travel"}
		number := int64(0)
		ask := func() {
			id := fmt.Sprintf("app_live_%010d", number)
			r, err := service.Ask(ctx, asker, partners.Application{
				ID: id, Partner: "p_travel", Name: "secret words", Environment: models.Production, Suite: "A256", Status: models.Active,
				AuthMethod: models.PrivateKeyJWT, AddressMode: models.AddressOff,
			}, "secret words of a reason", selfservice.Unknown(id))
			if err != nil {
				t.Fatal(err)
			}
			number = r.ID
		}
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		// told is who is told once a minute has gone, and what; groups stand as "wecom".
		told := func(want ...string) map[string][]post.Message {
			t.Helper()
			s.Clock.Add(time.Minute)
			wecom := &receiver{room: 2048}
			got := s.told(&receiver{}, map[string]post.Sender{"wecom": wecom})
			if list := wecom.messages(); len(list) > 0 {
				got["wecom"] = list
			}
			readers := slices.Sorted(maps.Keys(got))
			if !slices.Equal(readers, want) {
				t.Errorf("told %v, want %v", readers, want)
			}
			for _, list := range got {
				for _, m := range list {
					if strings.Contains(m.Text+m.Title, "secret words") {
						t.Errorf("message:\n%s", m.Text)
					}
				}
			}
			return got
		}
		ask()
		first := number
		officers := []string{"officer2@bank.example", "officer@bank.example", "wecom"}
		golden(t, "partner_asked.en", told(officers...)["officer2@bank.example"][0])
		told() // once
		check(service.Question(ctx, officer, first, "secret words of a question"))
		golden(t, "partner_question.en", told("asker@bank.example")["asker@bank.example"][0])
		check(service.Reply(ctx, asker, first, "secret words of a reply"))
		if m := told(officers...)["wecom"][0]; !strings.Contains(m.Text, "合作方申请 1 有新答复") || !strings.Contains(m.Text, "https://console.bank.example/console/partner-requests/1\n") {
			t.Errorf("the group:\n%s", m.Text)
		}
		out, err := service.Propose(ctx, officer, first, "secret words of an officer")
		check(err)
		got := told("asker@bank.example", "fuhe@bank.example", "reviewer@bank.example", "wecom")
		if m := got["asker@bank.example"][0]; !strings.Contains(m.Text, "a second person there decides") {
			t.Errorf("proposed:\n%s", m.Text)
		}
		check(s.approvals().Approve(ctx, approval.By{Account: "stf_reviewer", Person: "per_reviewer"}, s.verdict(out.Request)))
		s.Exec("UPDATE accounts SET language = 'zh-CN' WHERE id = 'stf_asker'")
		golden(t, "partner_approved.zh-CN", told("asker@bank.example", "officer@bank.example", "wecom")["asker@bank.example"][0])

		// What was answered meanwhile need not be told, nor to whom it is not any more.
		ask()
		check(service.Take(ctx, officer, number))
		told()
		check(service.Question(ctx, officer, number, "secret words of a question"))
		check(service.Decline(ctx, officer, number, "secret words of a refusal"))
		if m := told("asker@bank.example")["asker@bank.example"]; len(m) != 1 || strings.Count(m[0].Text, "https://partners.bank.example/portal/requests/2\n") != 1 {
			t.Errorf("declined: %+v", m)
		}
		ask()
		s.Exec("DELETE FROM staff_roles WHERE account_id IN ('stf_officer', 'stf_officer2')")
		told("wecom")
		check(service.Decline(ctx, officer, number, "secret words of a refusal"))
		s.Exec("UPDATE members SET partner_id = 'p_rent' WHERE account_id = 'stf_asker'")
		told()
	})
}
