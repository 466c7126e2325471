package demo_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestShots takes pictures of the demo into the folder that
// POSTERN_DEMO_SHOTS names, for people to look at.
func TestShots(t *testing.T) {
	folder := os.Getenv("POSTERN_DEMO_SHOTS")
	if folder == "" {
		t.Skip("POSTERN_DEMO_SHOTS names no folder")
	}
	d := start(t, t.TempDir())
	for _, look := range []struct {
		name, lang, theme string
		width, height     int64
	}{
		{"wide-light-en", "en", "light", 1440, 950},
		{"wide-dark-zh", "zh-CN", "dark", 1440, 950},
		{"narrow-light-zh", "zh-CN", "light", 390, 3000},
		{"narrow-dark-en", "en", "dark", 390, 3000},
		{"middle-light-en", "en", "light", 1000, 800},
	} {
		for _, partner := range []string{"lianhe", "chengzi", "nanfeng", "stolen"} {
			t.Run(look.name+"-"+partner, func(t *testing.T) {
				b := newBrowser(t)
				b.run(chromedp.EmulateViewport(look.width, look.height), chromedp.Navigate(d.URL()))
				b.run(chromedp.Evaluate(`document.cookie = "postern_demo_lang=`+look.lang+`;path=/"; document.cookie = "postern_demo_theme=`+look.theme+`;path=/"`, nil))
				short := partner
				if partner == "stolen" {
					short = "lianhe"
				}
				b.run(chromedp.Navigate(d.URL() + "partners/" + short))
				if look.name == "wide-light-en" && partner == "lianhe" {
					b.shot(filepath.Join(folder, look.name+"-before.png"))
				}
				if partner == "stolen" {
					b.run(chromedp.Click(`.turn input`, chromedp.ByQuery))
				}
				b.run(chromedp.Click(`[data-open] button`, chromedp.ByQuery))
				if partner == "nanfeng" {
					b.run(chromedp.WaitVisible(`.failure`, chromedp.ByQuery))
				} else {
					b.waitPage(`["#offer", "#error"].some(id => document.querySelector(id)?.hidden === false)`)
					want := map[string]string{"stolen": "E"}[partner]
					if want == "" {
						want = "G"
					}
					b.run(chromedp.Poll(`[...document.querySelectorAll("a[data-step] .letter")].some(e => e.textContent === "`+want+`")`, nil))
				}
				b.shot(filepath.Join(folder, look.name+"-"+partner+".png"))
				if look.name == "wide-light-en" && partner == "lianhe" {
					for _, step := range []string{"B", "C", "G"} {
						b.run(chromedp.Navigate(b.eval(`[...document.querySelectorAll("a[data-step]")].find(a => a.textContent.trim().startsWith("` + step + `")).href`)))
						b.shot(filepath.Join(folder, "step-"+step+".png"))
					}
				}
			})
		}
	}
}

func (b *browser) shot(path string) {
	b.t.Helper()
	var picture []byte
	b.run(chromedp.FullScreenshot(&picture, 100))
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// keep takes a picture of a state that another test has come to, if pictures
// are wanted.
func (b *browser) keep(name string) {
	b.t.Helper()
	if folder := os.Getenv("POSTERN_DEMO_SHOTS"); folder != "" {
		b.shot(filepath.Join(folder, name+".png"))
	}
}
