package console_test

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/apptest"
	"postern/models"
)

// called is a house with calls on record: three of the travel app's, one of the
// rent app's and one of its that was refused.
func called(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	each(t, func(t *testing.T, h *house) {
		travel, rent := h.NewVisit(apptest.Travel, nil), h.NewVisit(apptest.Rent, nil)
		for range 3 {
			travel.Get("/loans/offers")
		}
		rent.Get("/loans/offers")
		rent.Get("/accounts/7/balance")
		h.settled()
		test(t, h)
	})
}

// request asks for a file as the officer, and returns the request's address.
func (h *house) requested(text string) string {
	h.t.Helper()
	rec := h.as(models.OfficerRole, "/console/changes", url.Values{"text": {text}, "reason": {reason}, "do": {"submit"}})
	path, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(path, "/console/approvals/") {
		h.t.Fatalf("asked: %d to %q\n%s", rec.Code, path, text_(rec.Body.String()))
	}
	return path
}

var tag = regexp.MustCompile(`<[^>]*>`)

// text_ is what of a page can be read, with single spaces.
func text_(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(page, " "))), " ")
}

// swapped takes the offers away from a scope and gives it something else.
const swapped = `scopes:
  - id: loan.offer:read
    permissions:
      - { resource: loan.letter, action: read, raw: true }
      - { resource: loan, action: apply, fields: [ { path: application_id, class: C1, treatment: keep } ] }
`

func TestWhoApprovesAdmitsThatCallsWouldFail(t *testing.T) {
	t.Parallel()
	called(t, func(t *testing.T, h *house) {
		path := h.requested(swapped)
		page := h.page(models.ReviewerRole, path)
		wants(t, text_(page), "What history says", "Would newly fail 3", "calls of 1 application", "GET /loans/offers scope_denied · no scope that the application holds allows it",
			"Lianhe Travel", "I have seen that 3 calls of the last 30 days would fail", "No calls were counted yet")
		wants(t, page, path+"?days=7#history")
		wants(t, text_(h.page(models.ReviewerRole, path+"?days=7")), "3 calls of the last 7 days")
		wants(t, text_(h.page(models.AuditRole, path)), "Would newly fail 3")
		lacks(t, h.page(models.AuditRole, path), `name="seen"`)

		form := h.decision(path)
		other := h.requested(strings.ReplaceAll(swapped, "class: C1", "class: C2"))
		before := h.dump()
		foreign := h.decision(other)
		for name, change := range map[string]func(url.Values){
			"without the tick":              func(url.Values) {},
			"with a tick for other figures": func(f url.Values) { f.Set("seen", "2 fail, 0 leave, 30 days") },
			"without having been shown":     func(f url.Values) { f.Del("history"); f.Set("seen", "3 fail, 0 leave, 30 days") },
			"with what was shown of another": func(f url.Values) {
				f.Set("history", foreign.Get("history"))
				f.Set("seen", "3 fail, 0 leave, 30 days")
			},
			"with what nobody has shown": func(f url.Values) {
				f.Set("history", "x"+form.Get("history"))
				f.Set("seen", "3 fail, 0 leave, 30 days")
			},
		} {
			sent := url.Values{}
			for key, list := range form {
				sent[key] = list
			}
			change(sent)
			rec := h.as(models.ReviewerRole, path+"/approve", sent)
			if after := h.dump(); rec.Code != http.StatusUnprocessableEntity || after != before {
				t.Errorf("%s: %d\n%s", name, rec.Code, cmp.Diff(before, after))
			}
			wants(t, rec.Body.String(), "Fine with me.", `name="seen"`)
		}
	})
}

func TestAnAdmittedLossIsApprovedAndOnRecord(t *testing.T) {
	t.Parallel()
	called(t, func(t *testing.T, h *house) {
		path := h.requested(swapped)
		form := h.decision(path)
		form.Set("seen", regexpOf(t, `name="seen" value="([^"]+)"`, h.page(models.ReviewerRole, path)))
		if rec := h.as(models.ReviewerRole, path+"/approve", form); rec.Code != http.StatusSeeOther {
			t.Fatalf("approve: %d\n%s", rec.Code, text_(rec.Body.String()))
		}
		events := h.Events("change.approved")
		if len(events) != 1 || events[0].Detail["seen"] != "3 fail, 0 leave, 30 days" {
			t.Errorf("the record says %+v", events)
		}
		h.Refresh()
		if a := h.NewVisit(apptest.Travel, nil).Get("/loans/offers"); a.Code() != "scope_denied" {
			t.Errorf("a call after it: %q", a.Code())
		}
		lacks(t, h.page(models.ReviewerRole, path), "What history says")
	})
}

func TestOpenedFieldsShowWithTheirClass(t *testing.T) {
	t.Parallel()
	called(t, func(t *testing.T, h *house) {
		path := h.requested(`scopes:
  - id: loan.basic:read
    permissions:
      - resource: loan.offer
        action: read
        fields:
          - { path: offer.rate, class: C1, treatment: keep }
          - { path: offer.limit, class: C2, treatment: keep }
          - { path: holder.name, class: C2, treatment: mask, mask: name }
      - { resource: account.balance, action: read, fields: [ { path: balance, class: C2, treatment: keep } ] }
`)
		page := text_(h.page(models.ReviewerRole, path))
		wants(t, page, "Would newly fail 0", "Would newly pass 1", "Fields newly leaving 3", "3 × C2",
			"offer.limit C2 GET /loans/offers · amount mask → kept shows more", "holder.name C2 GET /loans/offers · does not leave → name mask leaves",
			"up to 1", "GET /accounts/{id}/balance scope_denied · no scope that the application holds allows it · then by rule loan.basic:read/account.balance:read", "balance C2",
			"I have seen that 3 fields would newly leave", "Chengzi Rent")
		lacks(t, page, "would fail")
		if rec := h.as(models.ReviewerRole, path+"/approve", h.decision(path)); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("approve without the tick: %d", rec.Code)
		}
		zh := h.request(models.ReviewerRole, path, nil)
		zh.Header.Set("Accept-Language", "zh-CN")
		wants(t, text_(h.Internal(zh).Body.String()), "历史调用怎么说", "我已知晓：将有 3 个字段新增传出", "至多 1")
	})
}

func TestWhatTouchesNoCallNeedsNoTick(t *testing.T) {
	t.Parallel()
	called(t, func(t *testing.T, h *house) {
		path := h.requested("scopes:\n  - { id: new:read, service: \"urn:h5:loan\", title: New, permissions: [ { resource: me, action: read } ] }\n")
		page := h.page(models.ReviewerRole, path)
		wants(t, text_(page), "Would newly fail 0", "No recorded call would end otherwise")
		lacks(t, page, `name="seen"`)
		if rec := h.as(models.ReviewerRole, path+"/approve", h.decision(path)); rec.Code != http.StatusSeeOther {
			t.Errorf("approve: %d", rec.Code)
		}
		lacks(t, h.page(models.ReviewerRole, h.requested(newPartner)), "What history says")
	})
}

// tried presses a form's preview button, without and with the script.
func (h *house) tried(path string, form url.Values) (whole, part string) {
	h.t.Helper()
	form.Set("act", "history")
	before := h.dump()
	rec := h.as(models.OfficerRole, path, form)
	r := h.request(models.OfficerRole, path, form)
	r.Header.Set("HX-Request", "true")
	swap := h.Internal(r)
	if swap.Code != http.StatusOK || h.dump() != before {
		h.t.Errorf("preview of %s: %d, or it has changed something", path, swap.Code)
	}
	lacks(h.t, swap.Body.String(), "<html")
	wants(h.t, swap.Body.String(), `id="history"`)
	return rec.Body.String(), swap.Body.String()
}

func TestFormsPreviewBeforeTheyAreSentAndKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	called(t, func(t *testing.T, h *house) {
		end := "/console/partners/p_travel/grants/" + base64.RawURLEncoding.EncodeToString([]byte("g1")) + "/end"
		form := h.form(models.OfficerRole, end)
		form.Set("reason", "The contract <ends>.")
		whole, part := h.tried(end, form)
		wants(t, text_(part), "Would newly fail 3", "GET /loans/offers")
		wants(t, whole, "The contract &lt;ends&gt;.", `id="history"`)

		h.sample("offers", offerSample)
		edit := h.form(models.OfficerRole, offers+"/edit")
		edit.Set(rowOf(t, edit, "offer.limit")+"treatment", "drop")
		edit.Set("title", "Typed <title>")
		whole, part = h.tried(offers+"/edit", edit)
		wants(t, text_(part), "Would newly fail 0", "offer.limit C2 GET /loans/offers · kept → does not leave stops")
		wants(t, whole, `value="Typed &lt;title&gt;"`, "What history says")

		// What is wrong with a form is said in place of it.
		edit.Set(rowOf(t, edit, "trace")+"treatment", "keep")
		whole, part = h.tried(offers+"/edit", edit)
		wants(t, text_(part), "The form has something to correct first", "cannot be kept")
		wants(t, whole, "cannot be kept", `value="Typed &lt;title&gt;"`)

		const route = "/console/services/" + apptest.Service + "/routes/offers"
		values := h.form(models.OfficerRole, route)
		values.Set("pattern", "/loans/everything")
		whole, part = h.tried(route, values)
		wants(t, text_(part), "Would newly fail 4", "no_route · there is no such route")
		wants(t, whole, `value="/loans/everything"`)

		create := "/console/partners/p_rent/grants"
		whole, part = h.tried(create, url.Values{"application": {apptest.Rent}, "scope": {"account.balance:read"}, "purpose": {"Balances"}, "reason": {reason}})
		wants(t, text_(part), "Would newly pass 0", "No recorded call would end otherwise") // its visit did not ask for the scope
		wants(t, whole, `value="Balances"`)
	})
}
