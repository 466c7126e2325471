package demo

import (
	"context"

	"postern/app/play/partner"
	views "postern/views/demo"
	"postern/views/i18n"
)

// role is one of the demo's partners with its app. What the bank knows of it,
// bank.yaml says.
type role struct {
	short    string // in the shell's addresses, and the class of its colours
	clientID string
	subject  string // the visitor, as this partner knows them
	returnTo string
	name     i18n.Key // as its own app calls itself
	tab      i18n.Key // around the name, in the header; the zero Key for none
	face     face
}

// face is what a partner's app shows.
type face struct {
	hello, place, search     i18n.Key
	icons                    [4]string
	tiles                    [4]i18n.Key
	card, state, from, to    i18n.Key
	left, right              string // large on the card: times, sums
	offer, offerText, button i18n.Key
}

// cast lists the three partners. Lianhe may show most, Chengzi less of the same
// page, and Nanfeng is suspended.
var cast = []role{
	{
		short: "lianhe", clientID: "lianhe-travel-app", subject: "lh20160733", returnTo: "lianhetravel://home",
		name: i18n.DemoLianhe,
		face: face{
			hello: i18n.DemoLianheHello, place: i18n.DemoLianhePlace, search: i18n.DemoLianheSearch,
			icons: [4]string{"train", "coach", "car", "pin"},
			tiles: [4]i18n.Key{i18n.DemoLianheTile1, i18n.DemoLianheTile2, i18n.DemoLianheTile3, i18n.DemoLianheTile4},
			card:  i18n.DemoLianheCard, state: i18n.DemoLianheState, from: i18n.DemoLianheFrom, to: i18n.DemoLianheTo,
			left: "11:20", right: "12:08",
			offer: i18n.DemoLianheOffer, offerText: i18n.DemoLianheOfferSub, button: i18n.DemoLianheButton,
		},
	},
	{
		short: "chengzi", clientID: "chengzi-rent-app", subject: "cz-88120407", returnTo: "chengzirent://home",
		name: i18n.DemoChengzi, tab: i18n.DemoNarrower,
		face: face{
			hello: i18n.DemoChengziHello, place: i18n.DemoChengziPlace, search: i18n.DemoChengziSearch,
			icons: [4]string{"home", "people", "pin", "calendar"},
			tiles: [4]i18n.Key{i18n.DemoChengziTile1, i18n.DemoChengziTile2, i18n.DemoChengziTile3, i18n.DemoChengziTile4},
			card:  i18n.DemoChengziCard, state: i18n.DemoChengziState, from: i18n.DemoChengziFrom, to: i18n.DemoChengziTo,
			left: "15:30", right: "¥4,300",
			offer: i18n.DemoChengziOffer, offerText: i18n.DemoChengziOfferSub, button: i18n.DemoChengziButton,
		},
	},
	{
		short: "nanfeng", clientID: "nanfeng-app", subject: "nf-5521", returnTo: "nanfeng://home",
		name: i18n.DemoNanfeng, tab: i18n.DemoSuspended,
		face: face{
			hello: i18n.DemoNanfengHello, place: i18n.DemoNanfengPlace, search: i18n.DemoNanfengSearch,
			icons: [4]string{"bowl", "basket", "cup", "list"},
			tiles: [4]i18n.Key{i18n.DemoNanfengTile1, i18n.DemoNanfengTile2, i18n.DemoNanfengTile3, i18n.DemoNanfengTile4},
			card:  i18n.DemoNanfengCard, state: i18n.DemoNanfengState, from: i18n.DemoNanfengFrom, to: i18n.DemoNanfengTo,
			left: "12:10", right: "12:34",
			offer: i18n.DemoNanfengOffer, offerText: i18n.DemoNanfengOfferSub, button: i18n.DemoNanfengButton,
		},
	},
}

// kioskID is an application of Lianhe's whose ATs live one second: traffic
// shows with it what a late page meets.
const kioskID = "lianhe-travel-kiosk"

// sandboxID is Lianhe's application in the sandbox, for who looks at the portal.
const sandboxID = "app_test_lianhe"

// clientIDs lists every application of the demo.
func clientIDs() []string {
	ids := []string{kioskID, sandboxID}
	for _, r := range cast {
		ids = append(ids, r.clientID)
	}
	return ids
}

// roleOf finds a partner by its short name.
func roleOf(short string) (role, bool) {
	for _, r := range cast {
		if r.short == short {
			return r, true
		}
	}
	return role{}, false
}

// newPartners makes the partners' back ends, by client_id.
func newPartners(o Options, p places, keys map[string]partnerKeys) map[string]*partner.Backend {
	backends := map[string]*partner.Backend{}
	for id, k := range keys {
		backends[id] = partner.New(partner.Options{
			Gateway: p.gateway, ClientID: id, Signing: k.Signing, Encryption: k.Encryption, Now: o.Now, Rand: o.Rand,
		})
	}
	return backends
}

// app draws the partner's app.
func (r role) app(ctx context.Context, clock string) views.AppView {
	t := func(k i18n.Key) string { return i18n.T(ctx, k) }
	f := r.face
	v := views.AppView{
		Brand: r.short, Clock: clock, Place: t(f.place), Hello: t(f.hello), Search: t(f.search),
		CardTitle: t(f.card), CardState: t(f.state), CardLeft: f.left, CardLeftSub: t(f.from), CardRight: f.right, CardRightSub: t(f.to),
		Offer: t(f.offer), OfferText: t(f.offerText), Button: t(f.button), Action: "/partners/" + r.short + "/visits",
	}
	for i, tile := range f.tiles {
		v.Tiles = append(v.Tiles, views.Tile{Icon: f.icons[i], Label: t(tile)})
	}
	return v
}
