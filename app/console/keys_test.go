package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/models"
)

const leaked = "The key was found in a log."

// liveKey is the kid of the key of a kind that is in use, or of another state.
func (h *house) liveKey(use models.KeyUse, env models.Environment, condition string) string {
	h.t.Helper()
	var kid string
	err := h.Database().QueryRowContext(h.t.Context(),
		"SELECT kid FROM keys WHERE use = '"+string(use)+"' AND environment = '"+string(env)+"' AND "+condition+" ORDER BY active_from DESC LIMIT 1").Scan(&kid)
	if err != nil {
		h.t.Fatal(err)
	}
	return kid
}

// proveAgain makes everybody's last proof one of now.
func (h *house) proveAgain() {
	h.t.Helper()
	h.Exec(fmt.Sprintf("UPDATE sessions SET verified_at = %d", h.Clock.Now().UnixMilli()))
}

// keyForm is a form about keys as its page shows it, with a reason.
func (h *house) keyForm(path string) url.Values {
	h.t.Helper()
	return url.Values{"plan": {regexpOf(h.t, `name="plan" value="([^"]+)"`, h.page(models.SecurityRole, path))}, "reason": {leaked}}
}

// askedOf sends a form and returns the request's address.
func (h *house) askedOf(role models.StaffRole, path string, form url.Values) string {
	h.t.Helper()
	rec := h.as(role, path, form)
	if rec.Code != http.StatusSeeOther {
		h.t.Fatalf("%s: %d\n%.1200s", path, rec.Code, rec.Body)
	}
	request, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
	return request
}

// verdict is the form of a decision as a role's page of the request shows it.
func (h *house) verdict(role models.StaffRole, path string) url.Values {
	h.t.Helper()
	page := h.page(role, path)
	return url.Values{
		"content": {regexpOf(h.t, `name="content" value="([^"]+)"`, page)},
		"plan":    {regexpOf(h.t, `name="plan" value="([^"]+)"`, page)},
		"reason":  {"Agreed with the duty officer."},
	}
}

// published lists the kids of the JWKS as this node serves it.
func (h *house) published() []string {
	h.t.Helper()
	rec := h.Do(httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	var set struct{ Keys []struct{ KID string } }
	if err := json.Unmarshal(rec.Body.Bytes(), &set); err != nil {
		h.t.Fatal(err)
	}
	var kids []string
	for _, k := range set.Keys {
		kids = append(kids, k.KID)
	}
	return kids
}

func TestKeysAreSeenByAdministratorsAndAskedForBySecurityAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		kid := h.liveKey(models.ApplicationKey, models.Production, "retired_at = 0")
		for _, role := range []models.StaffRole{models.SystemRole, models.SecurityRole, models.AuditRole} {
			wants(t, h.page(role, "/console/keys"), kid, "in use", "Subject key", "No key has been retired yet")
		}
		wants(t, h.page(models.SecurityRole, "/console/keys"), "/console/keys/ak-production/rotate", "/console/keys/ticket/replace")
		lacks(t, h.page(models.SystemRole, "/console/keys"), "/rotate", "/replace")
		for _, role := range []models.StaffRole{models.OfficerRole, models.ReviewerRole, models.SupportRole} {
			if rec := h.as(role, "/console/keys", nil); rec.Code != http.StatusForbidden {
				t.Errorf("the list as %s: %d", role, rec.Code)
			}
		}
		for _, path := range []string{"ak-production/rotate", "ak-production/replace", kid + "/retire", kid + "/retire-now"} {
			h.refusedTo("/console/keys/"+path, models.SecurityRole)
		}
		for _, path := range []string{"subject/rotate", "ak/rotate", "nothing/replace", "nothing/retire-now"} {
			if rec := h.as(models.SecurityRole, "/console/keys/"+path, nil); rec.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, rec.Code)
			}
		}
		subject := h.liveKey(models.SubjectKey, "", "retired_at = 0")
		if rec := h.as(models.SecurityRole, "/console/keys/"+subject+"/retire-now", nil); rec.Code != http.StatusNotFound {
			t.Errorf("the subject key: %d", rec.Code)
		}
	})
}

func TestACompromisedAKIsReplacedByTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		old := h.liveKey(models.ApplicationKey, models.Production, "retired_at = 0")
		at := h.AT(apptest.Travel, nil)
		wants(t, h.page(models.SecurityRole, "/console/keys"), apptest.Travel+" 1")
		const path = "/console/keys/ak-production/replace"
		wants(t, h.page(models.SecurityRole, path), "key "+old+" is retired at once", "1 AT that is not redeemed stops opening")
		form := h.keyForm(path)

		short := url.Values{"plan": form["plan"], "reason": {"x"}}
		rec := h.as(models.SecurityRole, path, short)
		if rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "Say why", ">x</textarea>")

		request := h.askedOf(models.SecurityRole, path, form)
		wants(t, h.page(models.SecurityRole, request), "You asked for this", "AK, production")
		wants(t, h.page(models.SecurityRole, "/console/keys"), "A change waits for approval")
		verdict := h.verdict(models.SystemRole, request)
		wants(t, h.page(models.SystemRole, request), "1 AT that is not redeemed stops opening", leaked, old)
		wants(t, h.page(models.AuditRole, request), "A system administrator decides this")
		for role, want := range map[models.StaffRole]int{
			models.SecurityRole: http.StatusForbidden, models.AuditRole: http.StatusForbidden, models.OfficerRole: http.StatusNotFound,
			models.ReviewerRole: http.StatusNotFound, models.SupportRole: http.StatusForbidden,
		} {
			if rec := h.as(role, request+"/approve", verdict); rec.Code != want {
				t.Errorf("approve as %s: %d, want %d", role, rec.Code, want)
			}
		}
		if !slices.Contains(h.published(), old) || h.Count("keys") != 7 {
			t.Fatal("something happened before the approval")
		}

		h.approveAs(models.SystemRole, request, verdict)
		made := h.liveKey(models.ApplicationKey, models.Production, "retired_at = 0")
		if kids := h.published(); made == old || !slices.Contains(kids, made) || slices.Contains(kids, old) {
			t.Errorf("after the approval %v is listed, want %s and not %s", kids, made, old)
		}
		if claims := h.Claims(h.AT(apptest.Travel, nil)); !strings.Contains(string(mustJSON(t, claims)), made) {
			t.Errorf("a new AT does not carry %s", made)
		}
		if got := h.NewPage(at).TryOpen(); got.HTTP == http.StatusOK {
			t.Error("an AT of the retired AK opened a visit")
		}
		events := h.Events("key.rotated")
		if len(events) != 1 || events[0].Detail["retired"] != old || events[0].Detail["kid"] != made || events[0].Actor == "" || events[0].Detail["request"] == "" {
			t.Errorf("the ledger has %+v", events)
		}
		wants(t, h.page(models.AuditRole, "/console/keys"), "AK, production", old)
	})
}

func (h *house) approveAs(role models.StaffRole, request string, verdict url.Values) {
	h.t.Helper()
	if rec := h.as(role, request+"/approve", verdict); rec.Code != http.StatusSeeOther {
		h.t.Fatalf("approve: %d\n%.1200s", rec.Code, rec.Body)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestARequestAboutAKeyThatWasRotatedMeanwhileIsOutdated(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const path = "/console/keys/sig-production/rotate"
		first := h.askedOf(models.SecurityRole, path, h.keyForm(path))
		second := h.askedOf(models.SecurityRole, path, h.keyForm(path))
		stale := h.keyForm(path)
		late := h.verdict(models.SystemRole, second)
		old := h.liveKey(models.SigningKey, models.Production, "retired_at = 0")
		h.approveAs(models.SystemRole, first, h.verdict(models.SystemRole, first))

		made := h.liveKey(models.SigningKey, models.Production, "active_until = 0")
		if kids := h.published(); made == old || !slices.Contains(kids, made) || !slices.Contains(kids, old) {
			t.Errorf("%v is listed, want %s and %s", kids, made, old)
		}
		wants(t, h.page(models.SecurityRole, "/console/keys"), "published, not used yet", "in use")
		rec := h.as(models.SystemRole, second+"/approve", late)
		if rec.Code != http.StatusConflict || h.Count("keys") != 8 {
			t.Errorf("the second request: %d, %d keys", rec.Code, h.Count("keys"))
		}
		wants(t, h.page(models.SystemRole, second), "outdated")
		rec = h.as(models.SecurityRole, path, stale)
		if rec.Code != http.StatusConflict {
			t.Errorf("a form of before: %d", rec.Code)
		}
		wants(t, rec.Body.String(), "The keys have moved since", leaked)
	})
}

func TestASupersededKeyIsRetiredBeforeItsTimeByTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		newest := h.liveKey(models.ApplicationKey, models.Sandbox, "retired_at = 0")
		for _, path := range []string{"/retire", "/retire-now"} {
			if rec := h.as(models.SecurityRole, "/console/keys/"+newest+path, nil); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "the newest of its kind") {
				t.Errorf("the page that retires the newest key: %d", rec.Code)
			}
			rec := h.as(models.SecurityRole, "/console/keys/"+newest+path, url.Values{"reason": {leaked}})
			if rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("retire the newest key: %d", rec.Code)
			}
		}
		h.Rotate(models.ApplicationKey)
		h.Later(6 * time.Minute)
		h.proveAgain()
		old := h.liveKey(models.ApplicationKey, models.Production, "active_until > 0")
		wants(t, h.page(models.SecurityRole, "/console/keys"), "superseded", "/console/keys/"+old+"/retire-now")
		if rec := h.as(models.SecurityRole, "/console/keys/"+old+"/retire", nil); !strings.Contains(rec.Body.String(), "still opens what it made") {
			t.Errorf("retire what still opens: %d", rec.Code)
		}
		path := "/console/keys/" + old + "/retire-now"
		request := h.askedOf(models.SecurityRole, path, h.keyForm(path))
		h.approveAs(models.SystemRole, request, h.verdict(models.SystemRole, request))
		if slices.Contains(h.published(), old) {
			t.Errorf("%s is still there", old)
		}
		var sealed string
		if err := h.Database().QueryRowContext(t.Context(), "SELECT sealed_private FROM keys WHERE kid = '"+old+"'").Scan(&sealed); err != nil || sealed != "" {
			t.Errorf("its private part is %q (%v)", sealed, err)
		}
		rec := h.as(models.SecurityRole, path, nil)
		if rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "retired already") {
			t.Errorf("once more: %d", rec.Code)
		}
	})
}

func TestKeysAreAskedForWithAFreshProof(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const path = "/console/keys/ticket/replace"
		wants(t, h.page(models.SecurityRole, path), "0 live visits stop opening", "every visit whose VT key")
		form := h.keyForm(path)
		h.Later(6 * time.Minute)
		rec := h.as(models.SecurityRole, path, form)
		if rec.Code != http.StatusUnprocessableEntity || h.Count("change_requests") != 0 {
			t.Errorf("without a fresh proof: %d", rec.Code)
		}
		wants(t, rec.Body.String(), `name="verify_password"`, leaked)
	})
}
