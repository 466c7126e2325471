package console

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/ledger"
	"postern/app/recordview"
	"postern/models"
)

// readElsewhere are the pages that put their reading on record themselves, with
// what was asked of them, and what belongs to pages that did.
var readElsewhere = []string{logPath, visitsPath, "/console/activity", "/console/now/"}

// reading puts on record which page an auditor is shown.
func (s *Console) reading(c *gin.Context, v *entrance.Visit) error {
	path := c.Request.URL.Path
	if !slices.Contains(v.Who.Roles, models.AuditRole) ||
		slices.ContainsFunc(readElsewhere, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
		return nil
	}
	return s.o.Records.Trace(c.Request.Context(), v.Who.Account.ID, ledger.Event{Kind: "page.read"}, map[string]string{"page": recordview.Shown(path)})
}
