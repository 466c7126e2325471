package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const keysPath = "/console/keys"

// retiredRows is how many retired keys a page lists, carrierGroups how many pairs
// of an AK and an application are told apart.
const (
	retiredRows   = 20
	carrierGroups = 500
	retiredList   = "keys"
)

var makesKeys = policies.Permission{Resource: "keys", Action: "make"}

// keyUses is the order in which keys are listed, and what their uses are called.
var keyUses = []struct {
	use               models.KeyUse
	title, text, word i18n.Key
}{
	{models.ApplicationKey, i18n.KeysAKs, i18n.KeysAKsText, i18n.KeysKindAK},
	{models.SigningKey, i18n.KeysSigning, i18n.KeysSigningText, i18n.KeysKindSigning},
	{models.TicketKey, i18n.KeysTickets, i18n.KeysTicketsText, i18n.KeysKindTicket},
	{models.EvidenceKey, i18n.KeysEvidence, i18n.KeysEvidenceText, i18n.KeysKindEvidence},
	{models.SubjectKey, i18n.KeysSubject, i18n.KeysSubjectText, i18n.KeysKindSubject},
}

// Keys lists the gateway's own keys: what each does, and what it is going to do.
func (s *Console) Keys(c *gin.Context) error {
	ctx := c.Request.Context()
	rows, err := s.o.Store.LiveKeys(ctx)
	if err != nil {
		return err
	}
	waiting, err := s.o.Store.OpenSubjects(ctx, keySubjects())
	if err != nil {
		return err
	}

	page := console.KeysPage{Frame: s.frame(c, i18n.T(ctx, i18n.KeysTitle)), Groups: s.keyGroups(c, rows, waiting)}
	if page.Adoption, err = s.adoption(ctx, rows); err != nil {
		return err
	}
	if page.Retired, err = s.retiredKeys(c); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, console.Keys(page))
}

// keySubject is what a request about keys of a kind is about.
func keySubject(k keyring.Kind) string { return "key " + k.String() }

func keySubjects() (list []string) {
	for _, k := range keyring.Kinds() {
		list = append(list, keySubject(k))
	}
	return list
}

func (s *Console) keyGroups(c *gin.Context, rows []models.Key, waiting map[string]bool) (groups []console.KeyGroup) {
	ctx := c.Request.Context()
	for _, u := range keyUses {
		group := console.KeyGroup{Title: i18n.T(ctx, u.title), Text: i18n.T(ctx, u.text)}
		for _, env := range []models.Environment{models.Production, models.Sandbox, ""} {
			for _, row := range rows {
				if row.Use == u.use && row.Environment == env {
					group.Rows = append(group.Rows, s.keyRow(c, row, waiting))
				}
			}
		}
		groups = append(groups, group)
	}
	return groups
}

var keyStates = map[keyring.State]struct {
	word i18n.Key
	tone ui.Tone
}{
	keyring.Published: {i18n.KeyPublished, ui.Accent}, keyring.InUse: {i18n.KeyInUse, ui.Ok},
	keyring.Superseded: {i18n.KeySuperseded, ui.Outline}, keyring.Retired: {i18n.KeyRetired, ui.Outline},
}

func (s *Console) keyRow(c *gin.Context, row models.Key, waiting map[string]bool) console.KeyRow {
	ctx, status := c.Request.Context(), s.o.Keys.Status(row)
	state := keyStates[status.State]
	v := console.KeyRow{
		KID: ui.IDView{ID: row.KID}, State: ui.BadgeView{Text: i18n.T(ctx, state.word), Tone: state.tone},
		FirstUse: s.keyMoment(ctx, status.FirstUse, i18n.KeysForEver),
		Opens:    s.keyMoment(ctx, status.RetiresAt, i18n.KeysForEver), Next: s.keyMoment(ctx, status.RotatesAt, i18n.SettingsNone),
		Waits: waiting[keySubject(status.Kind)],
	}
	if row.Environment != "" {
		v.Environment = environmentView(row.Environment)
	}
	if entrance.VisitOf(c).Rights.May(makesKeys) {
		v.Actions = keyButtons(ctx, status)
	}
	return v
}

func environmentView(e models.Environment) *ui.EnvironmentView {
	return &ui.EnvironmentView{Production: e == models.Production}
}

// keyButtons are what can be asked for of a key. One that ends by itself within
// minutes has no button to end it then.
func keyButtons(ctx context.Context, status keyring.Status) []ui.ButtonView {
	button := func(k keyStep, of string, kind ui.Kind) ui.ButtonView {
		return ui.ButtonView{Text: i18n.T(ctx, k.button), Small: true, Kind: kind, Href: keysPath + "/" + of + "/" + k.path}
	}
	switch {
	case status.Kind.Use == models.SubjectKey:
		return nil
	case status.State == keyring.InUse:
		of := kindSlug(status.Kind)
		return []ui.ButtonView{button(KeyRotation, of, ui.Secondary), button(KeyReplacement, of, ui.Risky)}
	case status.State == keyring.Superseded:
		return []ui.ButtonView{button(KeyEndingNow, status.KID, ui.Risky)}
	}
	return nil
}

// kindSlug names a kind in an address: "ak-production", "ticket".
func kindSlug(k keyring.Kind) string {
	return strings.TrimSuffix(string(k.Use)+"-"+string(k.Environment), "-")
}

// keyMoment is a time in the bank's zone; a word for none.
func (s *Console) keyMoment(ctx context.Context, t time.Time, none i18n.Key) console.MomentView {
	if t.IsZero() {
		return console.MomentView{Word: i18n.T(ctx, none)}
	}
	t = t.In(s.o.Zone)
	return console.MomentView{Day: i18n.Date(ctx, t), Clock: i18n.Clock(ctx, t)}
}

// keyKindWords names a kind in the reader's language.
func keyKindWords(ctx context.Context, k keyring.Kind) string {
	word := ""
	for _, u := range keyUses {
		if u.use == k.Use {
			word = i18n.T(ctx, u.word)
		}
	}
	switch k.Environment {
	case models.Production:
		return i18n.T(ctx, i18n.KeysKindOf, word, strings.ToLower(i18n.T(ctx, i18n.UIProduction)))
	case models.Sandbox:
		return i18n.T(ctx, i18n.KeysKindOf, word, strings.ToLower(i18n.T(ctx, i18n.UISandbox)))
	}
	return word
}

// kindNamed is keyKindWords of a kind as plans and subjects name it.
func kindNamed(ctx context.Context, name string) string {
	for _, k := range keyring.Kinds() {
		if k.String() == name {
			return keyKindWords(ctx, k)
		}
	}
	return name
}

// adoption says who still carries which AK: a superseded one falls while its
// successor rises.
func (s *Console) adoption(ctx context.Context, rows []models.Key) (console.AdoptionView, error) {
	carriers, whole, err := s.o.Store.ATCarriers(ctx, s.o.Now().UnixMilli(), carrierGroups)
	if err != nil {
		return console.AdoptionView{}, err
	}
	open, all := map[string][]store.Carriers{}, map[models.Environment]int64{}
	environments := map[string]models.Environment{}
	for _, row := range rows {
		environments[row.KID] = row.Environment
	}
	for _, carrier := range carriers {
		if carrier.Open > 0 {
			open[carrier.AKKID] = append(open[carrier.AKKID], carrier)
			all[environments[carrier.AKKID]] += carrier.Open
		}
	}
	view := console.AdoptionView{Whole: whole}
	for _, row := range rows {
		if len(open[row.KID]) == 0 {
			continue
		}
		view.Rows = append(view.Rows, s.adoptionRow(ctx, row, open[row.KID], all[row.Environment]))
	}
	slices.SortStableFunc(view.Rows, func(a, b console.AdoptionRow) int { // production first, the newest key first
		return strings.Compare(strconv.FormatBool(!a.Environment.Production), strconv.FormatBool(!b.Environment.Production))
	})
	return view, nil
}

// carriersNamed is how many applications a row names.
const carriersNamed = 3

func (s *Console) adoptionRow(ctx context.Context, row models.Key, carriers []store.Carriers, all int64) console.AdoptionRow {
	n, names := int64(0), []string{}
	for i, carrier := range carriers {
		n += carrier.Open
		if i < carriersNamed {
			names = append(names, carrier.ApplicationID+" "+i18n.Number(ctx, carrier.Open))
		}
	}
	if more := len(carriers) - carriersNamed; more > 0 {
		names = append(names, i18n.T(ctx, i18n.KeysMoreApps, more))
	}
	return console.AdoptionRow{
		KID: ui.IDView{ID: row.KID}, Environment: *environmentView(row.Environment), Open: i18n.Number(ctx, n),
		Share:        ui.BarView{Value: int(n), Max: int(all), Label: i18n.T(ctx, i18n.KeysShareOf, i18n.Number(ctx, n), i18n.Number(ctx, all)), Tone: ui.Accent},
		Applications: strings.Join(names, i18n.T(ctx, i18n.CommonComma)),
	}
}

func (s *Console) retiredKeys(c *gin.Context) (view console.RetiredKeys, err error) {
	ctx := c.Request.Context()
	var belowAt int64
	var belowKID string
	if place := c.Query("below"); place != "" {
		at, err := s.o.Cursors.Open(retiredList, place, 2)
		if err != nil {
			return view, err
		}
		belowAt, _ = strconv.ParseInt(at[0], 10, 64) // it was written here
		belowKID, view.Newest = at[1], keysPath
	}
	list, err := s.o.Store.RetiredKeys(ctx, belowAt, belowKID, retiredRows+1)
	if err != nil {
		return view, err
	}
	if len(list) > retiredRows {
		list = list[:retiredRows]
		last := list[retiredRows-1]
		view.Older = keysPath + "?below=" + s.o.Cursors.Make(retiredList, strconv.FormatInt(last.RetiredAt, 10), last.KID)
	}
	for _, row := range list {
		status := s.o.Keys.Status(row)
		view.Rows = append(view.Rows, console.RetiredKey{
			KID: ui.IDView{ID: row.KID}, Kind: keyKindWords(ctx, status.Kind),
			FirstUse: s.keyMoment(ctx, status.FirstUse, i18n.SettingsNone), Retired: s.keyMoment(ctx, status.RetiresAt, i18n.SettingsNone),
		})
	}
	return view, nil
}
