package console

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/catalog"
	"postern/app/entrance"
	"postern/app/store"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// Where the screens of services and scopes are.
const (
	servicesPath  = "/console/services"
	scopesPath    = "/console/scopes"
	simulatorPath = "/console/simulator"
)

// plainPart is an id that can stand in a path as it is. "new" cannot: it is a
// screen.
var plainPart = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:._-]*$`)

// idPart is an id, which may hold any sign, as a part of a path; idOf reads it.
func idPart(id string) string {
	if plainPart.MatchString(id) && id != "new" {
		return id
	}
	return "~" + base64.RawURLEncoding.EncodeToString([]byte(id))
}

// idOf is the id in a part of a path; "" for what idPart does not write.
func idOf(part string) string {
	text, coded := strings.CutPrefix(part, "~")
	if !coded {
		return part
	}
	id, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(id)
}

func servicePath(id string) string { return servicesPath + "/" + idPart(id) }

func scopePath(id string) string { return scopesPath + "/" + idPart(id) }

func routePath(service, route string) string {
	return servicePath(service) + "/routes/" + idPart(route)
}

// mayMake reports whether the reader may ask for changes of the business.
func mayMake(c *gin.Context) bool {
	return entrance.VisitOf(c).Rights.May(policies.Permission{Resource: "business", Action: "make"})
}

// place opens a list's cursor, which the address carries; "" is its beginning.
func (s *Console) place(c *gin.Context, list string, parts int) ([]string, error) {
	cursor := c.Query("after")
	if cursor == "" {
		return make([]string, parts), nil
	}
	return s.o.Cursors.Open(list, cursor, parts)
}

// classOf is the highest class of fields that leave; "" when none does.
func classOf(fields []models.ScopeField) string {
	p := catalog.Permission{}
	for _, f := range fields {
		p.Fields = append(p.Fields, catalog.Field{Class: cmp.Or(f.Class, "C3"), Treatment: f.Treatment})
	}
	return catalog.Scope{Permissions: []catalog.Permission{p}}.HighestClass()
}

// requestsOf lists what waits about a subject, and what was decided lately.
func (s *Console) requestsOf(c *gin.Context, subject string) ([]console.RequestRow, error) {
	const latest = 5
	list, err := s.o.Store.Requests(c.Request.Context(), store.RequestFilter{Subject: subject}, 0, latest)
	if err != nil {
		return nil, err
	}
	names, err := s.requestNames(c.Request.Context(), makersOf(list))
	if err != nil {
		return nil, err
	}
	rows := make([]console.RequestRow, len(list))
	for i, r := range list {
		rows[i] = s.requestRow(c, r, names)
	}
	return rows, nil
}

// historyRead is how many events of a service are looked through, and historyShown
// how many of them a page shows.
const (
	historyRead  = 100
	historyShown = 10
)

// historyOf tells who changed a service, or one of its scopes, lately.
func (s *Console) historyOf(c *gin.Context, service, kind, id string) ([]console.HistoryRow, error) {
	ctx := c.Request.Context()
	events, err := s.o.Store.ServiceHistory(ctx, service, historyRead)
	if err != nil {
		return nil, err
	}
	var rows []console.HistoryRow
	var actors []string
	for _, e := range events {
		var body struct {
			Detail struct{ ID, Changes, Because, Maker string }
		}
		if !strings.HasPrefix(e.Kind, kind+".") || json.Unmarshal([]byte(e.Body), &body) != nil || body.Detail.ID != id {
			continue
		}
		actors = append(actors, e.Actor, body.Detail.Maker)
		rows = append(rows, console.HistoryRow{Who: e.Actor, AskedBy: body.Detail.Maker, At: s.At(e.At), Because: body.Detail.Because})
		if len(rows) == historyShown {
			break
		}
	}
	names, err := s.accountNames(ctx, actors)
	for i := range rows {
		rows[i].Who = cmp.Or(names[rows[i].Who], rows[i].Who)
		if maker := rows[i].AskedBy; maker != "" {
			rows[i].AskedBy = i18n.T(ctx, i18n.PartnerAskedBy, cmp.Or(names[maker], maker))
		}
	}
	return rows, err
}

// movedNote says who changed a thing after a form of it was opened.
func (s *Console) movedNote(c *gin.Context, service, kind, id string) (string, error) {
	ctx := c.Request.Context()
	rows, err := s.historyOf(c, service, kind, id)
	if err != nil || len(rows) == 0 {
		return i18n.T(ctx, i18n.CatalogMoved), err
	}
	return i18n.T(ctx, i18n.CatalogMovedBy, rows[0].Who, i18n.Stamp(ctx, rows[0].At.At)), nil
}

// seconds is a number of seconds with its unit; the default where it is 0.
func seconds(ctx context.Context, n, otherwise int64) string {
	if n == 0 {
		return i18n.T(ctx, i18n.CatalogDefault, i18n.T(ctx, i18n.CatalogSeconds, i18n.Number(ctx, otherwise)))
	}
	return i18n.T(ctx, i18n.CatalogSeconds, i18n.Number(ctx, n))
}

func millis(ctx context.Context, n, otherwise int64) string {
	if n == 0 {
		return i18n.T(ctx, i18n.CatalogDefault, i18n.T(ctx, i18n.CatalogMillis, i18n.Number(ctx, otherwise)))
	}
	return i18n.T(ctx, i18n.CatalogMillis, i18n.Number(ctx, n))
}

func octets(ctx context.Context, n, otherwise int64) string {
	if n == 0 {
		return i18n.T(ctx, i18n.CatalogDefault, i18n.Bytes(ctx, otherwise))
	}
	return i18n.Bytes(ctx, n)
}

func yesNo(ctx context.Context, yes bool) string {
	if yes {
		return i18n.T(ctx, i18n.CatalogYes)
	}
	return i18n.T(ctx, i18n.CatalogNo)
}

// status is a state's badge.
func status(s models.Status) ui.StatusView { return ui.StatusView{State: ui.State(s)} }
