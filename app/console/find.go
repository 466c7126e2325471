package console

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/web"
	"postern/views/i18n"
)

// findPath answers what is typed at the top of the sidebar.
const findPath = "/console/find"

var errNothingFound = errs.New(errs.NotFound, "nothing_found", "Nothing of that name is here.")

// Find leads to what was typed: to a page of the sidebar by how its name begins, to the
// X-ray of an id, else to the partners that fit. It leads nowhere that the reader may
// not go, and takes nothing that is personal: addresses are kept in histories and logs.
func (s *Console) Find(c *gin.Context) error {
	ctx, rights, text := c.Request.Context(), entrance.VisitOf(c).Rights, strings.TrimSpace(c.Query("q"))
	if text == "" {
		return web.SeeOther(c, "/console")
	}
	open := map[string]bool{}
	for _, g := range sidebar {
		for _, e := range g.entries {
			if !e.access.Allows(rights) {
				continue
			}
			open[e.href] = true
			if begins(i18n.T(ctx, e.text), text) {
				return web.SeeOther(c, e.href)
			}
		}
	}
	if open[visitsPath] {
		found, err := s.o.Records.Find(ctx, text)
		if err == nil {
			return web.SeeOther(c, s.view.XRayAddress(found))
		}
		if errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	if open[partnersPath] {
		return web.SeeOther(c, partnersPath+"?"+url.Values{"q": {text}}.Encode())
	}
	return errNothingFound
}

// begins reports whether a name begins with two letters or more of a text.
func begins(name, text string) bool {
	return utf8.RuneCountInString(text) >= 2 && strings.HasPrefix(strings.ToLower(name), strings.ToLower(text))
}
