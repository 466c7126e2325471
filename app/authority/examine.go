package authority

import (
	"context"
	"strings"

	"postern/app/errs"
	"postern/app/seal"
	"postern/models"
)

// Finding is what the gateway says to one layer of something that a partner shows it.
type Finding struct {
	Layer  string // "form", "typ", "alg", "kid", "world", "epk", "opens", "at"
	Seen   string // what stands there in clear; may be empty
	Reason string // why it would be refused; empty where it would not
	At     int64  // when what the reason says was so, Unix ms; 0 where it has no time
}

// maxExamined is the longest text that is examined, octets: that of a call.
const maxExamined = MaxStrangersCall

// notYours is the one answer for what does not open to an AT of the partner's own:
// another's, a forged one and one that was altered on its way (docs/decisions/0041).
const notYours = "not_yours"

// ExamineEnvelope says layer by layer what the gateway would say to an envelope, up to
// the first that it would refuse. Form and header are read as anybody can; what is inside
// a request of step D it opens in memory, and tells nothing of it unless the AT there is
// one of the partner's. It uses nothing up and writes nothing down.
func (a *Authority) ExamineEnvelope(ctx context.Context, partner, compact string) ([]Finding, error) {
	e, err := seal.ParseEnvelope([]byte(compact), maxExamined)
	if err != nil {
		return []Finding{{Layer: "form", Reason: seal.Reason(err)}}, nil
	}
	h := e.Header()
	found := []Finding{{Layer: "form"}, {Layer: "typ", Seen: h.Typ}, {Layer: "alg", Seen: strings.TrimSpace(h.Alg + " " + h.Enc)}}
	switch h.Typ {
	case typVisitRequest:
	case typVisitResponse, typCall, typReply:
		return append(found, Finding{Layer: "opens", Reason: "under_r"}), nil
	default:
		found[1].Reason = "typ"
		return found, nil
	}
	kid, key, err := a.examineAK(ctx, h.KID)
	found = append(found, kid...)
	if err != nil || key == nil {
		return found, err
	}
	plain, r, err := e.OpenWith(key, typVisitRequest)
	if why := seal.Reason(err); why == "alg" || why == "enc" || why == "epk" || why == "header" { // anybody can see these
		return append(found, Finding{Layer: why, Reason: why}), nil
	}
	var p exchangePlain
	if err != nil || seal.DecodeObject(plain, &p) != nil {
		p = exchangePlain{AT: compact} // no AT: looked for all the same, so that it takes as long
	}
	row, own, err := a.ownAT(ctx, partner, p.AT)
	if err != nil {
		return nil, err
	}
	if !own {
		return append(found, Finding{Layer: "opens", Reason: notYours}), nil
	}
	found = append(found, Finding{Layer: "opens"}, Finding{Layer: "at", Seen: row.JTI})
	last := &found[len(found)-1]
	if row.AKKID != h.KID {
		last.Reason = "other_ak"
		return found, nil
	}
	*last = a.examineRow(row, hashR(r))
	return found, nil
}

// ExamineAT says what became of an AT of the partner's; notYours for any other.
func (a *Authority) ExamineAT(ctx context.Context, partner, at string) ([]Finding, error) {
	row, own, err := a.ownAT(ctx, partner, at)
	if err != nil {
		return nil, err
	}
	if !own {
		return []Finding{{Layer: "at", Reason: notYours}}, nil
	}
	return []Finding{{Layer: "world", Seen: string(row.Environment)}, a.examineRow(row, "")}, nil
}

func (a *Authority) ownAT(ctx context.Context, partner, at string) (models.ATRow, bool, error) {
	row, err := a.Ledger.ATRow(ctx, hashAT(at))
	if errs.KindOf(err) == errs.NotFound {
		return models.ATRow{}, false, nil
	}
	return row, err == nil && row.PartnerID == partner, err
}

// examineRow says whether an AT can be traded in now: under a new R, or under the R of
// this hash.
func (a *Authority) examineRow(row models.ATRow, rHash string) Finding {
	f := Finding{Layer: "at", Seen: row.JTI}
	switch now := a.Now().UnixMilli(); {
	case row.RevokedAt != 0:
		f.Reason, f.At = "at_revoked", row.RevokedAt
	case row.SpentAt != 0 && row.RHash != rHash:
		f.Reason, f.At = "at_spent", row.SpentAt
	case row.SpentAt != 0:
		f.Reason, f.At = "spent_so", row.SpentAt
	case now >= row.ExpiresAt:
		f.Reason, f.At = "at_expired", row.ExpiresAt
	}
	return f
}

// examineAK says which AK a kid names, and gives it while it opens. Which AKs there are,
// and until when, the published keys tell anybody.
func (a *Authority) examineAK(ctx context.Context, kid string) (found []Finding, key *seal.PrivateKey, err error) {
	env, retired, known, err := a.Ring.AKLife(ctx, kid)
	if err != nil {
		return nil, nil, err
	}
	if !known {
		return []Finding{{Layer: "kid", Seen: kid, Reason: "kid"}}, nil, nil
	}
	found = []Finding{{Layer: "kid", Seen: kid}, {Layer: "world", Seen: string(env)}}
	key, _, opens := a.Ring.AK(kid)
	if !opens {
		found[0].Reason, found[0].At = "ak_retired", retired
		return found, nil, nil
	}
	return found, key, nil
}
