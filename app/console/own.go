package console

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/killswitch"
	"postern/app/store"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/ui"
)

// stance is how a reader stands to stopping what is a partner's.
type stance struct {
	does   bool                 // on their own word
	asks   bool                 // another person decides
	theirs *killswitch.NotYours // another officer's; nil else
}

// may reports whether the reader has a button for it at all.
func (st stance) may() bool { return st.does || st.asks }

// word is what a button says: that it is done, or asked for.
func (st stance) word(done, asked i18n.Key) i18n.Key {
	if st.asks {
		return asked
	}
	return done
}

// asksStopsOnly reports whether somebody may ask that something stops, and no more.
func asksStopsOnly(r policies.Rights) bool { return !r.May(makesStops) && r.May(asksStops) }

// stanceOn is the reader's stance on a partner. The change itself is refused where
// it is made (docs/decisions/0037); this is so that nobody is led there.
func (s *Console) stanceOn(c *gin.Context, partner string) (st stance, err error) {
	rights := entrance.VisitOf(c).Rights
	st.does, st.asks = rights.May(makesStops), asksStopsOnly(rights)
	if !st.does || rights.May(stopsAll) {
		return st, nil
	}
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		return killswitch.OwnPartner(b, entrance.VisitOf(c).Who.Account.ID, partner)
	})
	if errors.As(err, &st.theirs) {
		st.does, err = false, nil
	}
	return st, err
}

// mustOwn refuses a page that would stop another officer's partner.
func (s *Console) mustOwn(c *gin.Context, partner string) error {
	st, err := s.stanceOn(c, partner)
	if err == nil && st.theirs != nil {
		err = st.theirs
	}
	return err
}

// theirsWords say whose partner it is, and who can stop it.
func theirsWords(ctx context.Context, e *killswitch.NotYours) string {
	return i18n.T(ctx, i18n.KillTheirs, e.Officer, e.Partner, e.Officer)
}

// notYoursWords are theirsWords of an error's.
func notYoursWords(ctx context.Context, err error) string {
	var theirs *killswitch.NotYours
	if !errors.As(err, &theirs) {
		return ""
	}
	return theirsWords(ctx, theirs)
}

// askNote says to who only asks that another person decides; nil to others.
func (s *Console) askNote(c *gin.Context, decides i18n.Key) []ui.NoteView {
	if !asksStopsOnly(entrance.VisitOf(c).Rights) {
		return nil
	}
	return []ui.NoteView{{Tone: ui.Accent, Text: i18n.T(c.Request.Context(), decides)}}
}

// askButton is a form's button for who only asks; the button itself for others.
func (s *Console) askButton(c *gin.Context, b ui.ButtonView, asks i18n.Key, args ...any) ui.ButtonView {
	if !asksStopsOnly(entrance.VisitOf(c).Rights) {
		return b
	}
	return ui.ButtonView{Text: i18n.T(c.Request.Context(), asks, args...), Kind: ui.Primary}
}

// keeperWords say who looks after a partner, and what it means where nobody does.
func (s *Console) keeperWords(ctx context.Context, p models.Partner) (words string, err error) {
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		a, enabled, err := killswitch.Keeper(b, p)
		switch {
		case err != nil:
		case enabled:
			words = a.Name
		case a.ID != "":
			words = i18n.T(ctx, i18n.PartnerKeeperGone, a.Name)
		default:
			words = i18n.T(ctx, i18n.PartnerKeeperNone)
		}
		return err
	})
	return words, err
}

// maxOfficers bounds the officers that a form or a filter offers.
const maxOfficers = 100

// officers are the officers who are not disabled, by name.
func (s *Console) officers(ctx context.Context) (list []models.Account, err error) {
	err = s.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err = a.WithRole(models.OfficerRole, maxOfficers)
		return err
	})
	sortByName(list)
	return list, err
}

// officerOptions are whom a form may name as who looks after a partner.
func (s *Console) officerOptions(ctx context.Context, chosen string) (options []ui.Option, err error) {
	list, err := s.officers(ctx)
	options = []ui.Option{{Text: i18n.T(ctx, i18n.PartnerKeeperNobody), Chosen: chosen == ""}}
	known := chosen == ""
	for _, a := range list {
		known = known || a.Login == chosen
		options = append(options, ui.Option{Value: a.Login, Text: a.Name + " · " + a.Login, Chosen: a.Login == chosen})
	}
	if !known { // who was it before stays on the list: others change nothing by saving
		options = append(options, ui.Option{Value: chosen, Text: chosen, Chosen: true})
	}
	return options, err
}
