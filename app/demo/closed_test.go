package demo_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestAServiceThatClosesSaysWhenItOpens: the visitor has the offer on the screen
// when the day-end begins.
func TestAServiceThatClosesSaysWhenItOpens(t *testing.T) {
	t.Parallel()
	first := newBrowser(t)
	opens := time.Now().Add(3 * time.Hour).Truncate(time.Minute)
	for _, look := range []struct {
		name, lang, theme string
		width             int64
		main, other, back string
	}{
		{"closed-light-en", "en", "light", 1440, "It opens again on " + opens.Format("2 January 2006 at 15:04"), "当前不在服务时间", "Back to Lianhe Travel"},
		{"closed-dark-zh-phone", "zh-CN", "dark", 390, "服务将于" + opens.Format("2006年1月2日 15:04") + " 恢复", "This service is closed right now", "返回联合出行"},
		{"closed-light-zh-phone", "zh-CN", "light", 390, "服务将于" + opens.Format("2006年1月2日 15:04") + " 恢复", "It opens again on " + opens.Format("2 January 2006 at 15:04"), "返回联合出行"},
		{"closed-dark-en-phone", "en", "dark", 390, "It opens again on " + opens.Format("2 January 2006 at 15:04"), "当前不在服务时间", "Back to Lianhe Travel"},
	} {
		t.Run(look.name, func(t *testing.T) {
			d := start(t, t.TempDir())
			b := newTab(t, first.ctx)
			b.run(chromedp.EmulateViewport(look.width, 950), chromedp.Navigate(d.URL()))
			b.run(chromedp.Evaluate(`document.cookie = "postern_demo_lang=`+look.lang+`;path=/"; document.cookie = "postern_demo_theme=`+look.theme+`;path=/"`, nil))
			b.run(chromedp.Navigate(d.URL()+"partners/lianhe"), chromedp.Click(`[data-open] button`, chromedp.ByQuery))
			b.waitPage(`document.querySelector("#offer")?.hidden === false`)
			if err := d.PlanStop(t.Context(), time.Now(), opens); err != nil {
				t.Fatal(err)
			}
			b.inPage(`document.querySelector("#apply .primary").click()`)
			b.waitPage(`document.querySelector("#error")?.hidden === false`)
			text := b.inPage(pageText)
			b.keep(look.name)
			for _, part := range []string{look.main, look.other, look.back, "unavailable"} {
				b.want("the notice", text, part)
			}
			if strings.Contains(text, "{") || b.inPage(`document.querySelector("[data-retry]").hidden`) != "true" {
				t.Errorf("it offers to try again, or has a gap: %s", text)
			}
			if way := b.inPage(`document.querySelector("#error a[data-return]").href`); way != "lianhetravel://home" {
				t.Errorf("the way back leads to %q", way)
			}
			if wide := b.inPage(`document.documentElement.scrollWidth > innerWidth`); wide != "false" {
				t.Error("the notice must be scrolled sideways")
			}
			b.checkQuiet("status of 503")
		})
	}
}
