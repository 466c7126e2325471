package console

import (
	"context"
	"log/slog"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/models"
	"postern/views/i18n"
)

const approvalsPath = "/console/approvals"

// maxCounted bounds how many requests that wait are looked at beside a page.
const maxCounted = 100

// waitingAt is what the sidebar says beside an entry: beside Approvals how many
// requests wait for the reader's decision, and partners' for an officer who may be
// the reader. It is read by an index each time, so that whoever has decided sees it at
// once; a page does not fail for it.
func (s *Console) waitingAt(c *gin.Context, v *entrance.Visit, href string) string {
	if href != approvalsPath || !v.In {
		return ""
	}
	ctx := c.Request.Context()
	list, err := s.o.Store.OpenRequestHeads(ctx, maxCounted)
	var asked []models.PartnerRequest
	if err == nil {
		asked, err = s.waitingPartners(ctx, v)
	}
	if err != nil {
		s.o.Log.WarnContext(ctx, "requests that wait were not counted", slog.Any("err", err))
		return ""
	}
	n := len(asked)
	for _, r := range list {
		if waits(v, r) && s.o.Now().UnixMilli() < r.ExpiresAt {
			n++
		}
	}
	switch {
	case n == 0:
		return ""
	case n >= maxCounted:
		return strconv.Itoa(maxCounted) + "+"
	}
	return i18n.Number(ctx, int64(n))
}

// waitingPartners are the partners' requests that wait for an officer who may be the
// reader, those that have waited the longest first, maxCounted at most.
func (s *Console) waitingPartners(ctx context.Context, v *entrance.Visit) ([]models.PartnerRequest, error) {
	if !v.Rights.May(makesBusiness) {
		return nil, nil
	}
	list, err := s.o.Store.WaitingPartnerRequests(ctx, maxCounted)
	return slices.DeleteFunc(list, func(r models.PartnerRequest) bool { return r.MakerPerson == v.Who.Account.PersonID }), err
}

// waits reports whether a request is one that the reader decides.
func waits(v *entrance.Visit, r models.ChangeRequest) bool {
	own := r.Maker == v.Who.Account.ID || r.MakerPerson == v.Who.Account.PersonID
	return !own && v.Rights.May(requestRights[r.Kind].check)
}
