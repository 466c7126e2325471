package portal

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/clients"
	"postern/app/entrance"
	"postern/app/keyring"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

const (
	// serversFor is how far back servers are counted.
	serversFor = 24 * time.Hour
	// longestAT is how long an AT can be traded in at most (protocol section 3).
	longestAT = 600 * time.Second
	// maxServers is how many addresses are told apart, namedServers how many are named.
	maxServers, namedServers = 500, 5
	maxEndingKeys            = 20
)

var gatewayKeyWords = map[models.KeyUse]i18n.Key{models.ApplicationKey: i18n.KeysKindAK, models.SigningKey: i18n.StatusSigning}

var gatewayKeyStates = map[keyring.State]ui.BadgeView{keyring.Published: {Tone: ui.Accent}, keyring.InUse: {Tone: ui.Ok}, keyring.Superseded: {Tone: ui.Outline}}

var gatewayKeyStateWords = map[keyring.State]i18n.Key{
	keyring.Published: i18n.KeyPublished, keyring.InUse: i18n.KeyInUse, keyring.Superseded: i18n.KeySuperseded,
}

// gatewayKeys are the gateway's keys that the partner's applications have to do with, and
// how far its servers have followed the last change of an AK.
func (p *Portal) gatewayKeys(ctx context.Context, s standing) (list []portal.GatewayKey, adoption []ui.NoteView, err error) {
	rows, err := p.o.Store.LiveKeys(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, env := range []models.Environment{models.Production, models.Sandbox} {
		for _, use := range []models.KeyUse{models.ApplicationKey, models.SigningKey} {
			own := []keyring.Status{}
			for _, row := range rows {
				if row.Use == use && row.Environment == env && slices.ContainsFunc(s.applications, func(a models.Application) bool { return a.Environment == env && a.Suite == row.Suite }) {
					own = append(own, p.o.Keys.Status(row))
				}
			}
			for _, k := range own {
				list = append(list, p.gatewayKey(ctx, k))
			}
			if use != models.ApplicationKey {
				continue
			}
			for _, suite := range clients.Suites() {
				note, err := p.adoption(ctx, s, env, suite, slices.DeleteFunc(slices.Clone(own), func(k keyring.Status) bool { return string(k.Kind.Suite) != suite }))
				if err != nil {
					return nil, nil, err
				}
				adoption = append(adoption, note...)
			}
		}
	}
	return list, adoption, nil
}

func (p *Portal) gatewayKey(ctx context.Context, k keyring.Status) portal.GatewayKey {
	state := gatewayKeyStates[k.State]
	state.Text = i18n.T(ctx, gatewayKeyStateWords[k.State])
	v := portal.GatewayKey{
		Kind: i18n.T(ctx, gatewayKeyWords[k.Kind.Use]), Production: k.Kind.Environment == models.Production, KID: k.KID, State: state,
		Since: i18n.Stamp(ctx, k.FirstUse.In(p.o.Zone)), Next: i18n.T(ctx, i18n.StatusNotPlanned), Opens: i18n.T(ctx, i18n.StatusTillNext),
	}
	if !k.RotatesAt.IsZero() {
		v.Next = i18n.Stamp(ctx, k.RotatesAt.In(p.o.Zone))
	}
	if !k.LastUse.IsZero() {
		v.Next, v.Opens = i18n.T(ctx, i18n.StatusReplaced, i18n.Stamp(ctx, k.LastUse.In(p.o.Zone))), i18n.Stamp(ctx, k.RetiresAt.In(p.o.Zone))
	}
	return v
}

// adoption says which of the partner's servers still use an AK of a suite that was
// superseded, as long as that opens anything: those whose newest AT is from before the change and can
// still be traded in. Each time that an application got an AT is on record with the
// server's address and the key that the AT was sealed to (app/clients/uses.go).
func (p *Portal) adoption(ctx context.Context, s standing, env models.Environment, suite string, keys []keyring.Status) ([]ui.NoteView, error) {
	now := p.o.Now()
	used := slices.IndexFunc(keys, func(k keyring.Status) bool { return k.State == keyring.InUse })
	old := slices.IndexFunc(keys, func(k keyring.Status) bool { return k.State == keyring.Superseded && k.RetiresAt.After(now) })
	if used < 0 || old < 0 {
		return nil, nil
	}
	changed := keys[used].FirstUse
	servers, err := p.serversOf(ctx, s, env, suite)
	if err != nil || len(servers) == 0 {
		return nil, err
	}
	var behind []string
	ahead := 0
	for _, server := range servers {
		switch last := time.UnixMilli(server.LastAt); {
		case !last.Before(changed):
			ahead++
		case last.Add(longestAT).After(now):
			behind = append(behind, server.Address)
		}
	}
	if len(behind) == 0 {
		return []ui.NoteView{{Tone: ui.Ok, Text: i18n.T(ctx, i18n.StatusNoneBehind, keys[old].KID, ahead, len(servers))}}, nil
	}
	return []ui.NoteView{{
		Tone: ui.Warn, Lead: i18n.T(ctx, i18n.StatusBehind, len(behind), keys[old].KID),
		Text: i18n.T(ctx, i18n.StatusBehindText, named(ctx, behind), i18n.Stamp(ctx, changed.In(p.o.Zone)), i18n.Stamp(ctx, keys[old].RetiresAt.In(p.o.Zone)), ahead, len(servers)),
	}}, nil
}

// serversOf are the addresses that got ATs for the partner's applications of a world and a
// suite of late, each with when that was last. Where somebody tried a visit in the portal is none.
func (p *Portal) serversOf(ctx context.Context, s standing, env models.Environment, suite string) ([]models.CredentialUses, error) {
	ids := []string{}
	for _, a := range s.applications {
		if a.Environment == env && a.Suite == suite {
			ids = append(ids, a.ID)
		}
	}
	sealedTo := []string{}
	err := p.o.Store.Business(ctx, func(b store.Business) error {
		list, err := b.CredentialsOf(ids)
		for _, k := range list {
			if k.Use == models.EncryptionKey && !models.OfTrial(k.ID) {
				sealedTo = append(sealedTo, k.ID)
			}
		}
		return err
	})
	if err != nil || len(sealedTo) == 0 {
		return nil, err
	}
	return p.o.Store.LastAt(ctx, sealedTo, p.o.Now().Add(-serversFor).UnixMilli(), maxServers)
}

// named lists addresses: the first ones, and how many there are beside.
func named(ctx context.Context, addresses []string) string {
	text := strings.Join(addresses[:min(len(addresses), namedServers)], i18n.T(ctx, i18n.CommonComma))
	if more := len(addresses) - namedServers; more > 0 {
		text += i18n.T(ctx, i18n.CommonComma) + i18n.T(ctx, i18n.StatusMoreServers, more)
	}
	return text
}

// endingKeys are the partner's own credentials that end, with the servers that still use them.
func (p *Portal) endingKeys(c *gin.Context, s standing) (list []portal.OwnKey, err error) {
	ctx, now := c.Request.Context(), p.o.Now()
	rows, err := p.o.Store.EndingOf(ctx, entrance.VisitOf(c).Who.Partner.ID, now.UnixMilli(), maxEndingKeys)
	if err != nil {
		return nil, err
	}
	applications := map[string]models.Application{}
	for _, a := range s.applications {
		applications[a.ID] = a
	}
	for _, k := range partners.CredentialsOf(rows) {
		servers, err := p.o.Store.LastAt(ctx, []string{k.ID}, now.Add(-serversFor).UnixMilli(), maxServers)
		if err != nil {
			return nil, err
		}
		addresses := []string{}
		for _, server := range servers {
			addresses = append(addresses, server.Address)
		}
		kind, kid := entrance.CredentialWords(ctx, k)
		a := applications[k.Application]
		row := portal.OwnKey{Kind: kind, KID: kid, Href: credentialPath(k), Application: a.Name, Production: a.Environment == models.Production, Ends: i18n.Stamp(ctx, k.NotAfter.In(p.o.Zone)), Servers: i18n.T(ctx, i18n.StatusNoServers)}
		if len(addresses) > 0 {
			row.Servers, row.Addresses, row.Still = i18n.T(ctx, i18n.StatusStill, len(addresses)), named(ctx, addresses), true
		}
		list = append(list, row)
	}
	return list, nil
}
