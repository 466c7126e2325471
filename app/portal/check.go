package portal

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/clients"
	"postern/app/web"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

func checkPath(application string) string { return applicationPath(application) + "/check" }

// AssertionCheck asks for an assertion of an application's.
func (p *Portal) AssertionCheck(c *gin.Context) error {
	return p.showCheck(c, "", nil)
}

// AssertionChecked says what the gateway would say to it. The assertion is not written
// down, and comes back to nobody but its sender.
func (p *Portal) AssertionChecked(c *gin.Context) error {
	a, err := p.application(c)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(c.PostForm("client_assertion"))
	found, err := p.o.Check(c.Request.Context(), a.ID, text)
	if err != nil {
		return err
	}
	return p.showCheck(c, text, found)
}

// maxSeen is how much of what an assertion says a page shows, characters.
const maxSeen = 200

func (p *Portal) showCheck(c *gin.Context, text string, found []clients.Finding) error {
	a, err := p.application(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	page := portal.CheckPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalCheck), applicationsPath, a.Environment), Name: a.Name, Text: text,
		Action: checkPath(a.ID), Back: applicationPath(a.ID),
	}
	wrong := 0
	for _, f := range found {
		row := portal.CheckRow{Part: i18n.T(ctx, i18n.CheckParts[string(f.Part)]), Seen: shortened(f.Seen), Verdict: i18n.T(ctx, i18n.PortalCheckFine), Tone: ui.Ok}
		if f.Reason != "" {
			wrong++
			row.Verdict, row.Tone = i18n.T(ctx, i18n.CheckReasons[f.Reason]), ui.Bad
		}
		page.Rows = append(page.Rows, row)
	}
	switch {
	case wrong > 0:
		page.Verdict = &ui.NoteView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.PortalCheckBad, wrong)}
	case len(found) > 0:
		page.Verdict = &ui.NoteView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.PortalCheckGood)}
	}
	return web.Render(c, http.StatusOK, portal.Check(page))
}

func shortened(text string) string {
	if r := []rune(text); len(r) > maxSeen {
		return string(r[:maxSeen]) + "…"
	}
	return text
}
