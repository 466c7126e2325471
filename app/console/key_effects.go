package console

import (
	"context"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

func keyCrumbs(ctx context.Context) []layout.Crumb {
	return []layout.Crumb{crumb(ctx, i18n.KeysTitle, keysPath)}
}

// countedApplications is of how many applications live visits are counted: with
// more there are only words.
const countedApplications = 200

// keyEffects says, in numbers of now, what a change of keys would end. They move
// all the time, so they are no part of what is agreed to.
func (s *Console) keyEffects(ctx context.Context, content string) ([]ui.NoteView, error) {
	var ending []models.Key
	err := s.o.Store.Business(ctx, func(b store.Business) error {
		var err error
		ending, err = s.o.Keys.Changes().Ending(b, content, s.o.Now())
		return err
	})
	if errs.KindOf(err) == errs.Invalid {
		return nil, nil // the page says why it cannot be done
	}
	if err != nil || len(ending) == 0 {
		return nil, err
	}
	text := ""
	switch ending[0].Use {
	case models.ApplicationKey:
		text, err = s.endingATs(ctx, ending)
	case models.TicketKey:
		text, err = s.endingVisits(ctx)
	}
	if err != nil || text == "" {
		return nil, err
	}
	return []ui.NoteView{{Tone: ui.Warn, Lead: i18n.T(ctx, i18n.KeysNow), Text: text}}, nil
}

func (s *Console) endingATs(ctx context.Context, ending []models.Key) (string, error) {
	carriers, whole, err := s.o.Store.ATCarriers(ctx, s.o.Now().UnixMilli(), carrierGroups)
	if err != nil {
		return "", err
	}
	n := int64(0)
	for _, carrier := range carriers {
		for _, key := range ending {
			if key.KID == carrier.AKKID {
				n += carrier.Open
			}
		}
	}
	if !whole {
		return i18n.T(ctx, i18n.KeysATsEndLeast, n), nil
	}
	return i18n.T(ctx, i18n.KeysATsEnd, n), nil
}

func (s *Console) endingVisits(ctx context.Context) (string, error) {
	known, err := s.o.Store.ApplicationNames(ctx, countedApplications+1)
	if err != nil || len(known) > countedApplications {
		return "", err
	}
	ids := make([]string, len(known))
	for i, application := range known {
		ids[i] = application.ID
	}
	live, err := s.liveVisits(ctx, ids)
	if err != nil {
		return "", err
	}
	return i18n.T(ctx, i18n.KeysVisitsEnd, sum(live)), nil
}
