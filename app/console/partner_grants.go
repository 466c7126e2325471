package console

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"postern/app/catalog"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// scopeFact is what a grant's row says of its scope.
type scopeFact struct{ title, service, class string }

// scopes reads what grants' rows say of their scopes.
func (s *Console) scopes(ctx context.Context, ids []string) (map[string]scopeFact, error) {
	facts := map[string]scopeFact{}
	err := s.o.Store.Business(ctx, func(b store.Business) error {
		c, err := catalog.Read(b, []string{}, append([]string{}, ids...))
		if err != nil {
			return err
		}
		for _, scope := range c.Scopes.All() {
			service, _ := c.Services.Find(scope.Service)
			facts[scope.ID] = scopeFact{title: scope.Title, service: service.Name, class: scope.HighestClass()}
		}
		return nil
	})
	return facts, err
}

func (s *Console) grantsTab(v partnerView) ([]console.Section, error) {
	ctx := v.ctx
	grants := v.registry.Grants.All()
	ids := make([]string, len(grants))
	for i, g := range grants {
		ids[i] = g.Scope
	}
	facts, err := s.scopes(ctx, ids)
	if err != nil {
		return nil, err
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerGrants), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindScope)}, {Text: i18n.T(ctx, i18n.GrantClass)}, {Text: i18n.T(ctx, i18n.KindApplication)},
		{Text: i18n.T(ctx, i18n.GrantPurpose)}, {Text: i18n.T(ctx, i18n.GrantEnds)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.PartnerActions)},
	}}
	for _, g := range grants {
		fact := facts[g.Scope]
		state, over := s.GrantState(ctx, g)
		row := ui.Row{Cells: []ui.Cell{
			{Text: g.Scope, Second: fact.title, Mono: true}, {Part: classPart(fact.class)}, {Text: v.applicationName(g.Application), Second: fact.service},
			{Text: g.Purpose}, s.EndCell(ctx, g.EndsAt), {Part: state}, {Text: ""},
		}}
		if !over && v.row.Status != models.Closed {
			path := partnerPath(v.row.ID) + "/grants/" + web.PathPart(g.ID)
			row.Cells[len(row.Cells)-1] = ui.Cell{Part: links(
				linkIf(v.canMake, i18n.T(ctx, i18n.GrantExtend), path), linkIf(v.stop.may(), i18n.T(ctx, v.stop.word(i18n.GrantEnd, i18n.GrantAskEnd)), path+"/end"),
			)}
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.GrantNone), Text: i18n.T(ctx, i18n.GrantNoneText)})
	}
	may := v.canMake && v.row.Status != models.Closed && len(v.registry.Applications.All()) > 0
	return []console.Section{{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerGrants), Action: small(may, i18n.T(ctx, i18n.GrantNew), "plus", partnerPath(v.row.ID)+"/grants/new")}, Table: &t,
	}}, nil
}

func classPart(class string) templ.Component {
	if class == "" {
		return ui.Faint("–")
	}
	return ui.Class(ui.ClassView{Class: class})
}

// links are some links of a row, one after the other.
func links(list ...ui.LinkView) templ.Component {
	kept := slices.DeleteFunc(list, func(l ui.LinkView) bool { return l.Href == "" })
	return console.RowLinks(kept)
}

func linkIf(may bool, text, href string) ui.LinkView {
	if !may {
		return ui.LinkView{}
	}
	return ui.LinkView{Text: text, Href: href}
}
