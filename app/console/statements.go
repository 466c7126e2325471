package console

import (
	"context"
	"net/url"
	"time"

	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

// statementsQuery is what the list of statements is asked for.
type statementsQuery struct{ search, until, after string }

func (q statementsQuery) address() string {
	v := url.Values{}
	for name, value := range map[string]string{"q": q.search, "until": q.until, "after": q.after} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return statementsPath + "?" + v.Encode()
}

// statementsTable has a partner a row and a month a column, the newest first.
func (s *Console) statementsTable(ctx context.Context, list []models.Partner, months []time.Time) (*ui.TableView, error) {
	counts, err := s.visitsByMonth(ctx, list, months)
	if err != nil {
		return nil, err
	}
	t := &ui.TableView{Caption: i18n.T(ctx, i18n.StatementList), Head: []ui.Column{{Text: i18n.T(ctx, i18n.KindPartner)}}}
	for _, m := range months {
		t.Head = append(t.Head, ui.Column{Text: i18n.Month(ctx, m), Number: true})
	}
	for _, p := range list {
		row := ui.Row{Cells: []ui.Cell{{Text: p.Name, Second: p.ID, Coded: true, Href: partnerPath(p.ID)}}}
		for _, m := range months {
			n := counts[p.ID][m.UnixMilli()]
			if n == 0 && m.AddDate(0, 1, 0).UnixMilli() <= p.CreatedAt {
				row.Cells = append(row.Cells, ui.Cell{Text: "–"}) // it was not here yet
				continue
			}
			row.Cells = append(row.Cells, number(i18n.Number(ctx, n), statementAddress(p.ID, m, false), false, ui.Quiet))
		}
		t.Rows = append(t.Rows, row)
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.StatementNobody), Text: i18n.T(ctx, i18n.StatementNoText)})
	return t, nil
}

// visitsByMonth counts visits that partners opened, by month.
func (s *Console) visitsByMonth(ctx context.Context, list []models.Partner, months []time.Time) (map[string]map[int64]int64, error) {
	ids, owner := []string{}, map[string]string{}
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	apps := []string{}
	err := s.o.Store.Business(ctx, func(b store.Business) error {
		found, err := b.ApplicationsOf(ids)
		for _, a := range found {
			owner[a.ID] = a.PartnerID
			apps = append(apps, a.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	first, end := months[len(months)-1], months[0].AddDate(0, 1, 0)
	rows, err := s.o.Store.VisitsOpened(ctx, apps, first.UnixMilli(), end.UnixMilli())
	counts := map[string]map[int64]int64{}
	for _, r := range rows {
		at := s.InZone(r.Start)
		month := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, s.o.Zone).UnixMilli()
		if counts[owner[r.ApplicationID]] == nil {
			counts[owner[r.ApplicationID]] = map[int64]int64{}
		}
		counts[owner[r.ApplicationID]][month] += r.Count
	}
	return counts, err
}
