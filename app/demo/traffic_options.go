package demo

import (
	"postern/app/demo/traffic"
	"postern/app/play/partner"
	"postern/app/play/visitor"
)

// trafficOptions says which of the demo's partners play which part. The
// impostor signs as the first partner with the keys of another.
func trafficOptions(o Options, p places, partners map[string]*partner.Backend, keys map[string]partnerKeys) traffic.Options {
	wide, narrow, suspended := cast[0].clientID, cast[1].clientID, cast[2].clientID
	return traffic.Options{
		Service: serviceID, Wide: partners[wide], Narrow: partners[narrow], Suspended: partners[suspended], Late: partners[kioskID],
		Impostor: partner.New(partner.Options{
			Gateway: p.gateway, ClientID: wide, Signing: keys[narrow].Signing, Encryption: keys[wide].Encryption, Now: o.Now, Rand: o.Rand,
		}),
		Page: visitor.New(visitor.Options{Gateway: p.gateway, Service: serviceID, Origin: p.h5, Now: o.Now, Rand: o.Rand}),
		Rand: o.Rand, Log: o.Log, Out: o.Out,
	}
}
