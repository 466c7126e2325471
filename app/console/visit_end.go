package console

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/killswitch"
	"postern/app/records"
	"postern/app/recordview"
	"postern/models"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// visitOf reads the visit that the path names.
func (s *Console) visitOf(c *gin.Context) (models.Visit, error) {
	v, found, err := s.o.Store.Visit(c.Request.Context(), c.Param("id"))
	if err == nil && !found {
		err = records.ErrNothing
	}
	return v, err
}

// VisitEnding asks why one visit ends.
func (s *Console) VisitEnding(c *gin.Context) error {
	v, err := s.visitOf(c)
	if err != nil {
		return err
	}
	if err := s.mustOwn(c, v.PartnerID); err != nil {
		return err
	}
	return s.showVisitEnding(c, v.VID, "", faulty{})
}

func (s *Console) showVisitEnding(c *gin.Context, vid, reason string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, visitsPath+"/"+url.PathEscape(vid)+"/end", map[string]string{"reason": reason}, fault)
	f.reason()
	return s.showForm(c, fault, formPage{
		proof: true, notes: s.askNote(c, i18n.KillAskNote),
		title: i18n.T(ctx, i18n.LiveEndOneT, recordview.ShortID(vid)), lead: i18n.T(ctx, i18n.LiveEndOneX),
		crumb: []layout.Crumb{crumb(ctx, i18n.LiveTitle, livePath)},
		form:  f.done(livePath, s.askButton(c, ui.ButtonView{Text: i18n.T(ctx, i18n.LiveEndOne), Kind: ui.Danger}, i18n.LiveEndOneAsk)),
	})
}

// VisitEnd ends one visit, or asks for it.
func (s *Console) VisitEnd(c *gin.Context) error {
	v, err := s.visitOf(c)
	if err != nil {
		return err
	}
	content, err := killswitch.EndVisit{Visit: v.VID}.Content()
	if err != nil {
		return err
	}
	ctx, reason := c.Request.Context(), strings.TrimSpace(c.PostForm("reason"))
	var out approval.Outcome
	if err = s.prove(c); err == nil {
		out, err = s.o.Approvals.Submit(ctx, s.by(c), approval.Ask{
			Kind: killswitch.VisitKind, Subject: "visit " + v.VID, Content: content, Reason: reason, Waits: asksStopsOnly(entrance.VisitOf(c).Rights),
		})
	}
	if errors.Is(err, approval.ErrNothing) {
		err = killswitch.ErrVisitOver
	}
	if fault, is := s.faultsOf(c, err, "", ""); err != nil && is {
		return s.showVisitEnding(c, v.VID, reason, fault)
	}
	if err != nil {
		return err
	}
	if !out.Applied {
		return proposed(c, out, "")
	}
	_ = s.o.Feed.Poll(context.WithoutCancel(ctx)) // what this can't do the feed does a moment later
	s.live.forget()
	return entrance.Done(c, visitsPath+"/"+v.VID, "visit-ended")
}
