package alerts_test

import (
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/app/alerts/post"
	"postern/app/approval"
	"postern/app/apptest"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/models"
)

// team are an owner, a developer and a viewer of p_travel, and an owner of another partner's.
func (s *scene) team() selfservice.User {
	s.T.Helper()
	for id, m := range map[string]models.Member{
		"owner":     {PartnerID: "p_travel", Role: models.PortalOwner, Production: true},
		"developer": {PartnerID: "p_travel", Role: models.PortalDeveloper, Production: true},
		"viewer":    {PartnerID: "p_travel", Role: models.PortalViewer, Production: true},
		"elsewhere": {PartnerID: "p_nanfeng", Role: models.PortalOwner, Production: true},
	} {
		s.person(id, func(a *models.Account) { a.Realm = models.PortalRealm })
		s.Write(func(tx *store.Tx, now int64) error {
			m.AccountID, m.GivenAt = "stf_"+id, now
			return tx.SaveMember(m)
		})
	}
	return selfservice.User{By: approval.By{Account: "stf_owner", Person: "per_owner"}, Partner: "p_travel"}
}

func (s *scene) service() *selfservice.SelfService {
	return selfservice.New(selfservice.Options{Store: s.App.Store(), Approvals: s.approvals(), Tell: s.notices(), Now: s.Clock.Now, Rand: rand.Reader})
}

// readers are who is told of what is due a minute from now.
func (s *scene) readers() (names []string, got map[string][]post.Message) {
	s.T.Helper()
	s.Clock.Add(time.Minute)
	wecom := &receiver{room: 2048}
	got = s.told(&receiver{}, map[string]post.Sender{"wecom": wecom})
	if list := wecom.messages(); len(list) > 0 {
		got["wecom"] = list
	}
	return slices.Sorted(maps.Keys(got)), got
}

func TestAPartnerIsToldThatACredentialEndsOnceForEachMoment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		user, service, day := s.team(), s.service(), 24*time.Hour
		end := s.Clock.Now().Add(61 * day)
		s.Exec("UPDATE credentials SET not_after = " + strconv.FormatInt(end.UnixMilli(), 10) + " WHERE id = '" + apptest.Travel + "-sig'")
		for _, c := range []struct {
			later time.Duration
			want  int
		}{{0, 0}, {2 * day, 1}, {day, 0}, {29 * day, 1}, {0, 0}, {22 * day, 1}, {6 * day, 1}, {time.Hour, 0}, {2 * day, 0}} {
			s.Clock.Add(c.later)
			n, err := service.Warn(t.Context())
			if err != nil || n != c.want {
				t.Errorf("%s before the end: told of %d, want %d (%v)", end.Sub(s.Clock.Now()), n, c.want, err)
			}
			names, got := s.readers()
			want := []string{}
			if c.want > 0 {
				want = []string{"developer@bank.example", "owner@bank.example", "wecom"}
			}
			if !slices.Equal(names, want) {
				t.Errorf("%s before the end: told %v, want %v", end.Sub(s.Clock.Now()), names, want)
			} else if c.want > 0 && c.later == 2*day {
				golden(t, "credential_ending.en", got["owner@bank.example"][0])
			}
		}
		// Who sets an end knows it.
		var k partners.Credential
		if err := s.App.Store().Business(t.Context(), func(b store.Business) error {
			r, err := partners.Of(b, "p_travel")
			k, _ = r.Credentials.Current(apptest.Travel + "-enc")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := service.EndCredential(t.Context(), user, k, s.Clock.Now().Add(3*day), true); err != nil {
			t.Fatal(err)
		}
		if n, err := service.Warn(t.Context()); n != 0 || err != nil {
			t.Errorf("told of an end that was just set: %d %v", n, err)
		}
	})
}

func TestTheBankIsToldWhatAPartnerOpensByItself(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.staff()
		user, service := s.team(), s.service()
		add := func(id string) int64 {
			t.Helper()
			waits, err := service.AddCredential(t.Context(), user, partners.Credential{ID: id, Application: apptest.Travel, JWK: string(s.PublicJWK(id, "sig"))})
			if err != nil {
				t.Fatal(err)
			}
			return waits
		}
		wants := func(want ...string) map[string][]post.Message {
			t.Helper()
			names, got := s.readers()
			if !slices.Equal(names, want) {
				t.Errorf("told %v, want %v", names, want)
			}
			return got
		}
		if add("further") != 0 {
			t.Error("one member is not enough")
		}
		if m := wants("officer@bank.example", "wecom")["officer@bank.example"]; len(m) != 1 || !strings.Contains(m[0].Text, "by itself") {
			t.Errorf("%+v", m)
		}
		s.Exec("UPDATE partners SET second_member = TRUE WHERE id = 'p_travel'")
		number := add("second")
		if m := wants("developer@bank.example")["developer@bank.example"]; len(m) != 1 || !strings.Contains(m[0].Text, "/portal/requests/"+strconv.FormatInt(number, 10)) {
			t.Errorf("%+v", m)
		}
		developer := selfservice.User{By: approval.By{Account: "stf_developer", Person: "per_developer"}, Partner: "p_travel"}
		if err := service.Confirm(t.Context(), developer, number); err != nil {
			t.Fatal(err)
		}
		wants("officer@bank.example", "owner@bank.example", "wecom")
	})
}
