package app_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"postern/app"
	"postern/models"
)

var (
	shotsFolder = flag.String("shots", "", "write contact sheets of the screens of both houses into this folder")
	shotsOf     = flag.String("shots-of", "", "take only pictures whose name.look, as in partners.zh-CN-dark-390, fits this regular expression")
)

// shot is one screen in one state.
type shot struct {
	name   string
	as     models.StaffRole
	path   string // {name} stands for an id of the studio
	script string // run on the page before the picture; it may lead to another page
	status int    // 0 is 200
	once   bool   // in two looks instead of all
	print  bool   // as it would be printed
}

// in names the screen in a look.
func (x shot) in(l appearance) string { return x.name + "." + l.String() }

// width is how wide a screen is in a look: paper is as wide as A4 in whichever.
func (x shot) width(l appearance) int64 {
	if x.print {
		return 794
	}
	return l.width
}

// appearance is a language, a theme and a window.
type appearance struct {
	language, theme string
	width           int64
	examined        bool // by axe-core: once for each theme and width, as it looks at no words
}

func (l appearance) phone() bool    { return l.width < 500 }
func (l appearance) String() string { return fmt.Sprintf("%s-%s-%d", l.language, l.theme, l.width) }

var looks = []appearance{
	{"zh-CN", "light", 1440, false}, {"en", "light", 1440, true}, {"zh-CN", "dark", 1440, true}, {"en", "dark", 1440, false},
	{"zh-CN", "light", 390, false}, {"en", "light", 390, true}, {"zh-CN", "dark", 390, true}, {"en", "dark", 390, false},
}

// fewLooks are those of a shot that is taken once: each language, theme and width.
var fewLooks = []appearance{looks[1], looks[6]}

// TestContactSheets takes every screen of the tables of both houses, full, in both
// languages, themes and widths, and the states in which there is less to see. It
// fails where a screen has no picture planned, and where a page complains, is wider
// than the window or is not for everybody.
func TestContactSheets(t *testing.T) {
	if *shotsFolder == "" {
		t.Skip("-shots names no folder")
	}
	if err := os.MkdirAll(*shotsFolder, 0o700); err != nil {
		t.Fatal(err)
	}
	sheets := &album{folder: *shotsFolder}
	inStudios(t, func(s *studio, plan []shot) { s.take(sheets, plan) })
	if err := sheets.finish(); err != nil {
		t.Fatal(err)
	}
}

// TestEveryScreenIsForEverybody opens every picture's screen once, in turns wide,
// light and English, and narrow, dark and Chinese.
func TestEveryScreenIsForEverybody(t *testing.T) {
	if testing.Short() {
		t.Skip("some minutes of a browser's work")
	}
	t.Parallel()
	inStudios(t, func(s *studio, plan []shot) {
		for turn, l := range fewLooks {
			b := newTabFor(t, s.houses[consoleHouse], 20*time.Minute)
			for i := turn; i < len(plan); i += len(fewLooks) {
				s.open(b, plan[i], l)
				s.examine(b, plan[i], l)
			}
		}
	})
}

// inStudios is where there is everything to see, then the same while a conformance run is on,
// then where there is little.
func inStudios(t *testing.T, f func(*studio, []shot)) {
	t.Helper()
	full, empty := newStudio(t, true), newStudio(t, false)
	plan := full.fullShots()
	full.checkPlan(plan)
	f(full, plan)
	full.must(full.App.Conformance().Begin(t.Context(), full.user(developer), conforms))
	f(full, full.runningShots())
	f(empty, empty.emptyShots())
}

// screens are the rows of both houses.
func (s *studio) screens() []app.Screen {
	return append(s.App.ConsoleScreens(), s.App.PortalScreens()...)
}

// checkPlan fails the test for each page of the tables that no shot shows.
func (s *studio) checkPlan(plan []shot) {
	s.t.Helper()
	for _, row := range s.screens() {
		shown := slices.ContainsFunc(plan, func(x shot) bool { return s.route(x.path) == row.Pattern })
		if row.Method == http.MethodGet && !shown && noPages[row.Pattern] == "" {
			s.t.Errorf("no shot planned for GET %s", row.Pattern)
		}
	}
}

// route is the pattern of the tables that a path fits best.
func (s *studio) route(path string) (best string) {
	path, _, _ = strings.Cut(path, "?")
	most := -1
	for _, row := range s.screens() {
		if n := literals(row, path); n > most {
			best, most = row.Pattern, n
		}
	}
	return best
}

// literals counts the segments that a pattern and a path share; -1 is a path
// that does not fit.
func literals(row app.Screen, path string) (n int) {
	pattern, segments := strings.Split(row.Pattern, "/"), strings.Split(path, "/")
	if row.Method != http.MethodGet || len(pattern) != len(segments) {
		return -1
	}
	for i, p := range pattern {
		switch {
		case p == segments[i]:
			n++
		case !strings.HasPrefix(p, ":"):
			return -1
		}
	}
	return n
}

// take takes the pictures of a plan, look by look, and makes their sheets.
func (s *studio) take(sheets *album, plan []shot) {
	s.t.Helper()
	only := regexp.MustCompile(*shotsOf)
	taken := make([][]exposure, len(plan))
	for _, l := range looks {
		b := newTabFor(s.t, s.houses[consoleHouse], 20*time.Minute)
		for i, x := range plan {
			if x.once && !slices.Contains(fewLooks, l) || !only.MatchString(x.in(l)) {
				continue
			}
			file := x.in(l) + ".png"
			if err := sheets.write(file, s.picture(b, x, l)); err != nil {
				s.t.Fatal(err)
			}
			taken[i] = append(taken[i], exposure{l, file})
		}
	}
	for i, x := range plan {
		if len(taken[i]) == 0 {
			continue
		}
		if err := sheets.add(leaf{Name: x.name, Route: s.route(x.path), Path: x.path, As: string(x.as)}, taken[i]); err != nil {
			s.t.Fatal(err)
		}
	}
}

// picture opens a screen in a look, holds it to what every page must keep, and
// returns it whole, as PNG.
func (s *studio) picture(b *tab, x shot, l appearance) (content []byte) {
	s.t.Helper()
	s.open(b, x, l)
	b.run(wholePage(&content))
	s.examine(b, x, l)
	return content
}

// open opens a screen in a look.
func (s *studio) open(b *tab, x shot, l appearance) {
	s.t.Helper()
	where := x.in(l)
	b.run(chromedp.EmulateViewport(x.width(l), 900))
	s.wear(b, x.as, l)
	medium := "screen"
	if x.print {
		medium = "print"
	}
	b.run(emulation.SetEmulatedMedia().WithMedia(medium))
	answer, err := chromedp.RunResponse(b.ctx, chromedp.Navigate(s.houses[s.people[x.as].house]+x.path))
	if err != nil {
		s.t.Fatalf("%s: %v", where, err)
	}
	if x.script != "" {
		if answer, err = chromedp.RunResponse(b.ctx, chromedp.Evaluate(x.script, nil)); err != nil {
			s.t.Fatalf("%s: %v", where, err)
		}
	}
	if want := max(x.status, http.StatusOK); answer.Status != int64(want) {
		s.t.Errorf("%s: status %d, want %d", where, answer.Status, want)
	}
}

// examine holds an open screen to what every page must keep.
func (s *studio) examine(b *tab, x shot, l appearance) {
	s.t.Helper()
	where := x.in(l)
	b.fits(where, x.width(l))
	b.calmBut(where, x.status)
	if l.examined {
		b.axe(where)
		b.drop() // axe-core tries inline styles of its own
	}
}

// wholePage is a picture of the page, however long it is.
func wholePage(content *[]byte) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) (err error) {
		_, _, _, _, _, size, err := cdp.GetLayoutMetrics().Do(ctx)
		if err != nil {
			return err
		}
		*content, err = cdp.CaptureScreenshot().WithOptimizeForSpeed(true).WithCaptureBeyondViewport(true).
			WithClip(&cdp.Viewport{Width: size.Width, Height: size.Height, Scale: 1}).Do(ctx)
		return err
	})
}

// wear makes the browser somebody's who reads in a language and theme.
func (s *studio) wear(b *tab, as models.StaffRole, l appearance) {
	s.t.Helper()
	who := s.people[as]
	who.prefers("lang", l.language)
	who.prefers("theme", l.theme)
	b.forget()
	for name, value := range who.jar {
		b.run(network.SetCookie(name, value).WithURL(s.houses[who.house]))
	}
}

// calmBut is calm, except about the status that the page was meant to have, and
// forgets what it told.
func (b *tab) calmBut(where string, status int) {
	b.t.Helper()
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for _, fault := range b.faults {
		if status == 0 || !strings.Contains(fault, fmt.Sprint(status)) {
			b.t.Errorf("%s: %s", where, fault)
		}
	}
	b.faults = nil
}

// drop forgets what the browser complained about.
func (b *tab) drop() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.faults = nil
}
