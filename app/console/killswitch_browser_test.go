package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"postern/app/apptest"
	"postern/app/store/storetest"
	"postern/models"
)

// A partner's first visit in the live tail and its X-ray, the freeze with its
// stopwatch, and the thaw by two, at browsers and under the pages' own policy.
func TestAVisitIsSeenStoppedAndThawedInBrowsers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ language, issued, obeyed, thawed string }{
		{"en", "VT issued", "1 of 1", "Nothing is frozen"}, {"zh-CN", "签发 VT", "1 / 1", "没有冻结"},
	} {
		t.Run(c.language, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{}))
			for _, as := range []models.StaffRole{security, reviewer} {
				d.submit(as, "/console/preferences", url.Values{"lang": {c.language}, "back": {"/console"}})
			}
			base := d.serve()
			stopper, checker := d.tab(t, startBrowser(t), base, security), d.tab(t, startBrowser(t), base, reviewer)

			page := d.NewVisit(apptest.Travel, nil)
			calls(t, page, http.StatusOK, "")
			checker.open("/console/log")
			checker.says(c.issued)
			checker.open("/console/visits/" + page.Visit.VID)
			checker.run(chromedp.WaitVisible(".p-timeline", chromedp.ByQuery))

			stopper.open(killSwitch)
			stopper.run(
				chromedp.Evaluate(`(() => { const s = document.getElementById("target"); s.value = "partner:p_travel"; s.dispatchEvent(new Event("change", {bubbles: true})); })()`, nil),
				chromedp.WaitVisible("#order .is-danger", chromedp.ByQuery),
				chromedp.Click(`#order input[value="all"]`, chromedp.ByQuery),
			)
			stopper.write(map[string]string{"reason": why})
			stopper.click("#order .is-danger")
			d.Refresh()
			stopper.open(regexpOf(t, `href="(/console/kill-switch/freezes/[^"]+)"`, d.page(security, killSwitch)))
			stopper.says(c.obeyed)
			calls(t, page, http.StatusUnauthorized, "invalid_vt")

			stopper.write(map[string]string{"reason": why})
			stopper.click("#thaw .is-primary")
			checker.open("/console/approvals")
			checker.click("main .p-line a")
			checker.write(map[string]string{"reason": why})
			checker.click("main form .is-primary")
			d.Refresh()
			checker.open(killSwitch)
			checker.says(c.thawed)
			calls(t, d.NewVisit(apptest.Travel, nil), http.StatusOK, "")
			stopper.checkQuiet()
			checker.checkQuiet()
		})
	}
}
