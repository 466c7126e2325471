package alerts_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/alerts"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

// cases are, for each rule, what is just not too much, and what is.
var cases = map[string]struct {
	below, raise func(s *scene)
	subject      string // kind and id
	name         string
	severity     models.Severity
	says         string // part of what it says in English
}{
	alerts.Refusals: {
		below:   func(s *scene) { refuse(s, 2); s.Restart() },
		raise:   func(s *scene) { refuse(s, 1); s.Restart() },
		subject: "application " + apptest.Travel, name: "app_travel · Lianhe Travel", severity: models.Warning,
		says: "3 of 3 answers in the last 2 hours of the clock were refusals, 100 %",
	},
	alerts.Unredeemed: {
		below: func(s *scene) {
			s.NewVisit(apptest.Travel, nil)
			s.AT(apptest.Travel, nil)
			s.Later(3 * time.Minute)
		},
		raise: func(s *scene) {
			s.AT(apptest.Travel, nil)
			s.AT(apptest.Travel, nil)
			s.Later(3 * time.Minute)
		},
		subject: "application " + apptest.Travel, name: "app_travel · Lianhe Travel", severity: models.Warning,
		says: "3 of 4 ATs that ended in the last 1h were never used, 75 %",
	},
	alerts.NewAddress: {
		below: func(s *scene) {
			s.askFrom("192.0.2.1", apptest.Travel, nil)
			s.askFrom("[2001:db8::1]", apptest.Travel, nil)
			s.Restart()
			s.look() // it learns
			s.Later(20 * 24 * time.Hour)
			s.askFrom("192.0.2.1", apptest.Travel, nil)
			s.askFrom("[2001:db8::2]", apptest.Travel, nil) // of the same /64
			s.askFrom("203.0.113.77", apptest.Rent, nil)    // learns from here on
			s.Restart()
		},
		raise:   func(s *scene) { s.askFrom("198.51.100.7", apptest.Travel, nil); s.Restart() },
		subject: "application " + apptest.Travel, name: "app_travel · Lianhe Travel", severity: models.Warning,
		says: ": 1, the newest being 198.51.100.7/32.",
	},
	alerts.SpentTwice: {
		below: func(s *scene) {
			p := s.NewVisit(apptest.Travel, nil)
			p.TryOpen() // the same page again
		},
		raise: func(s *scene) {
			at := s.AT(apptest.Travel, nil)
			s.NewPage(at).Open()
			s.NewPage(at).TryOpen()
		},
		subject: "application " + apptest.Travel, name: "app_travel · Lianhe Travel", severity: models.Critical,
		says: "in the last 1h: 1; the limit is 1",
	},
	alerts.UpstreamDown: {
		below: func(s *scene) {
			s.circuits = map[string]bool{apptest.Service + " production": true, apptest.Service + " sandbox": false}
			s.look()
			s.Clock.Add(59 * time.Second)
		},
		raise:   func(s *scene) { s.Clock.Add(time.Second) },
		subject: "upstream " + apptest.Service + " production", name: "Car instalments", severity: models.Critical,
		says: "Its circuit on node node-1 has been open since 2026-11-22 10:05:11",
	},
	alerts.Certificate: {
		below: func(s *scene) {
			s.certificates = map[string]time.Time{"gateway": s.Clock.Now().Add(30*24*time.Hour + time.Minute)}
		},
		raise:   func(s *scene) { s.Clock.Add(2 * time.Minute) },
		subject: "certificate node-1 gateway", severity: models.Warning, says: "whole days left: 29",
	},
	alerts.Credential: {
		below: func(s *scene) {
			credential(s, "old", 30*24*time.Hour+time.Minute)
			s.Exec("UPDATE credentials SET not_after = 1 WHERE application_id = 'app_rent' AND use = 'sig' AND id <> 'old'") // long ended
		},
		raise:   func(s *scene) { s.Later(2 * time.Minute) },
		subject: "credential old", name: "app_rent · Chengzi Rent", severity: models.Warning,
		says: "The credential (sig) of application app_rent ends on 2026-12-22 10:06",
	},
	alerts.Queue: {
		below:   func(s *scene) { s.queued = 24 },
		raise:   func(s *scene) { s.queued = 25 },
		subject: "node node-1", severity: models.Critical, says: "25 of 100 places before the ledger are taken, 25 %",
	},
	alerts.Disk: {
		below:   func(s *scene) { s.free = 1 << 30 },
		raise:   func(s *scene) { s.free = 1<<30 - 1 },
		subject: "node node-1", severity: models.Warning, says: "1023 MiB are free",
	},
	alerts.FeedBehind: {
		below: func(s *scene) {
			s.changesAge = 15*time.Minute - time.Second
			s.feeds = []alerts.Feed{{Name: "siem", Behind: 15*time.Minute - time.Second}}
		},
		raise:   func(s *scene) { s.feeds = []alerts.Feed{{Name: "siem", Behind: 15 * time.Minute}} },
		subject: "feed siem", severity: models.Warning, says: "It is 15m behind",
	},
	alerts.EvidenceDiffers: {
		below:   func(s *scene) {},
		raise:   func(s *scene) { s.evidence.Fault, s.evidence.FaultSeq = "removed", 7 },
		subject: "evidence events", severity: models.Critical, says: "First event that is wrong: 7. Found: there is no event with this number.",
	},
	alerts.EvidenceLate: {
		below:   func(s *scene) { s.evidence.Late = 15*time.Minute - time.Second },
		raise:   func(s *scene) { s.evidence.Late = 15 * time.Minute },
		subject: "evidence anchor node-1", severity: models.Warning, says: "The oldest has waited for 15m; the limit is 15m.",
	},
}

func refuse(s *scene, n int) {
	for range n {
		if code := s.askFrom("192.0.2.1", apptest.Travel, url.Values{"scope": {"nothing:read"}}); code != 400 {
			s.T.Fatalf("a refusal is answered %d", code)
		}
	}
}

func credential(s *scene, id string, ends time.Duration) {
	s.Write(func(tx *store.Tx, now int64) error {
		return tx.SaveCredential(models.Credential{
			ID: id, ApplicationID: apptest.Rent, Use: models.SignatureKey, KID: id, CreatedAt: now, NotAfter: now + ends.Milliseconds(),
		}, now)
	})
}

func TestEachRuleRaisesOneAlertAndNoneJustBelow(t *testing.T) {
	t.Parallel()
	for _, r := range alerts.Rules() {
		tc, there := cases[r.Name]
		if !there {
			t.Errorf("%s has no case", r.Name)
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, s *scene) {
				tc.below(s)
				s.look()
				if list := s.alerts(); len(list) != 0 {
					t.Fatalf("just below: %+v", list)
				}
				tc.raise(s)
				s.look()
				s.look()
				a := s.one()
				if a.Rule != r.Name || a.SubjectKind+" "+a.SubjectID != tc.subject || a.SubjectName != tc.name || a.Severity != tc.severity || a.Count != 2 {
					t.Errorf("raised %+v", a)
				}
				if says := r.What(i18n.English, a.Numbers); !strings.Contains(says, tc.says) || strings.Contains(says, "%!") {
					t.Errorf("it says %q, want %q", says, tc.says)
				}
				if says := r.What(i18n.Chinese, a.Numbers); strings.Contains(says, "%!") || says == "" {
					t.Errorf("in Chinese it says %q", says)
				}
				if got := s.waiting("mail"); got != "raised" {
					t.Errorf("mail is told %q", got)
				}
				if got := s.waiting("wecom"); (got == "raised") != (tc.severity == models.Critical) {
					t.Errorf("wecom is told %q", got)
				}
			})
		})
	}
}

func TestAManySidedApplicationMayBeRefusedALittle(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		refuse(s, 3)
		for range 4 { // three of seven are under half
			s.AT(apptest.Travel, nil)
		}
		s.Restart()
		s.look()
		if list := s.alerts(); len(list) != 0 {
			t.Errorf("raised %+v", list)
		}
	})
}

func TestStrangersAreOneSubject(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		for range 3 {
			s.PostForm("/oauth/token", url.Values{"grant_type": {"client_credentials"}})
		}
		s.Restart()
		s.look()
		if a := s.one(); a.SubjectKind != "strangers" || a.SubjectID != "" || a.Rule != alerts.Refusals {
			t.Errorf("raised %+v", a)
		}
	})
}

func TestACredentialWithASuccessorEndsSilently(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.Exec("UPDATE credentials SET not_after = 1 WHERE application_id = 'app_rent' AND use = 'sig'")
		credential(s, "old", 24*time.Hour)
		credential(s, "new", 48*time.Hour)
		s.look()
		if a := s.one(); a.SubjectID != "new" || a.Severity != models.Critical {
			t.Errorf("raised %+v", a)
		}
	})
}

func TestRecordsThatWereLostRaiseTheQueuesAlert(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.look()
		s.lost = 7
		s.look()
		s.look() // none since
		if a := s.one(); a.Rule != alerts.Queue || a.Numbers["lost"] != "7" || a.Count != 1 {
			t.Errorf("raised %+v", a)
		}
	})
}

// The database that took no records takes no alert of it either.
func TestRecordsThatWereLostAreToldOfOnceTheDatabaseIsBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.look()
		s.Exec("ALTER TABLE alerts RENAME TO alerts_away")
		s.lost = 7
		if _, err := s.eye().LookAtNode(t.Context()); err == nil {
			t.Error("the alert was written to a table that is away")
		}
		s.Exec("ALTER TABLE alerts_away RENAME TO alerts")
		s.lost = 9
		s.look()
		s.look()
		if a := s.one(); a.Rule != alerts.Queue || a.Numbers["lost"] != "9" || a.Count != 1 {
			t.Errorf("raised %+v", a)
		}
	})
}

func TestARuleThatIsSwitchedOffIsSilentAndOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.free = 1
		s.look()
		s.config.Rules.Disk.On, s.watch = false, nil
		s.look()
		if a := s.one(); a.State() != models.AlertResolved || a.Count != 1 {
			t.Errorf("switched off: %+v", a)
		}
	})
}

// What cannot be looked at keeps nobody from the rest, and nothing of it is over.
func TestARuleThatFailsLeavesTheOthers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		at := s.AT(apptest.Travel, nil)
		s.NewPage(at).Open()
		s.NewPage(at).TryOpen()
		s.look()
		s.Exec("ALTER TABLE events RENAME TO events_away")
		credential(s, "ends", time.Hour)
		s.Exec("UPDATE credentials SET not_after = 1 WHERE application_id = 'app_rent' AND use = 'sig' AND id <> 'ends'")
		s.freeErr = errors.New("no such folder")
		if _, err := s.eye().LookAtNode(t.Context()); err == nil || !strings.Contains(err.Error(), "disk: no such folder") {
			t.Errorf("the node: %v", err)
		}
		s.Clock.Add(2 * time.Hour)
		if _, err := s.eye().LookAtAll(t.Context()); err == nil || !strings.Contains(err.Error(), "spent_twice: ") {
			t.Errorf("everything: %v", err)
		}
		s.Exec("ALTER TABLE events_away RENAME TO events")
		list := s.alerts()
		if len(list) != 2 || list[0].Rule != alerts.Credential || list[1].State() != models.AlertOpen {
			t.Errorf("alerts %+v", list)
		}
	})
}

func TestEveryRuleIsInTheConfigurationAndInThePapers(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range alerts.Rules() {
		names = append(names, r.Name)
		if !r.On(config.Default().Alerts) {
			t.Errorf("%s is off", r.Name)
		}
	}
	if !slices.Equal(names, config.RuleNames()) {
		t.Errorf("the rules are %v, the configuration has %v", names, config.RuleNames())
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## The rules\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var headings []string
	for _, m := range regexp.MustCompile("(?m)^### `?([a-z_]+)`?").FindAllStringSubmatch(section, -1) {
		headings = append(headings, m[1])
	}
	if !slices.Equal(headings, names) {
		t.Errorf("docs/alerts.md has %v, the rules are %v", headings, names)
	}
	for _, part := range strings.Split(section, "\n### ")[1:] {
		for _, want := range []string{"**Means.**", "**How urgent.**", "**Look.**", "**Do.**"} {
			if !strings.Contains(part, want) {
				t.Errorf("docs/alerts.md: %q does not say %s", strings.SplitN(part, "\n", 2)[0], want)
			}
		}
	}
}
