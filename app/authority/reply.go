package authority

import (
	"encoding/json"
	"log/slog"
	"time"

	"postern/app/errs"
	"postern/app/seal"
)

// The `typ` of the envelopes (protocol sections 5 to 7).
const (
	typVisitRequest  = "vt-req+jwe"
	typVisitResponse = "vt-resp+jwe"
	typCall          = "call+jwe"
	typReply         = "reply+jwe"
	typRenew         = "renew+jwe"
	typClose         = "close+jwe"
	typConsent       = "consent+jwe"
	typError         = "error+jwe"
)

// Reply is what goes back to a page: sealed, or a refusal in the clear.
type Reply struct {
	Sealed  []byte      // compact JWE; nil when the refusal goes in the clear
	Refusal *errs.Error // nil when the request was answered
}

// sealer seals what goes back to one page under one key.
type sealer struct {
	a         *Authority
	direct    *seal.Direct
	requestID string
	jti       string // the request's, once known
}

func (a *Authority) sealer(suite seal.Suite, key []byte, requestID string) (*sealer, error) {
	d, err := seal.NewDirect(suite, key)
	if err != nil {
		return nil, err
	}
	return &sealer{a: a, direct: d, requestID: requestID}, nil
}

// jtiOf finds the jti of a plaintext that breaks other rules, for the refusal to
// repeat: a page takes no sealed answer without it. It is empty if there is none.
func jtiOf(plain []byte) string {
	var p struct {
		JTI string `json:"jti"`
	}
	if seal.DecodeObject(plain, &p) != nil || !seal.ValidID(p.JTI) {
		return ""
	}
	return p.JTI
}

// inClear answers with a refusal that needs no key.
func inClear(err error) Reply { return Reply{Refusal: Refusal(err)} }

// refuse seals a refusal. What can't be sealed goes as unavailable in the clear.
func (s *sealer) refuse(err error) Reply {
	e := Refusal(err)
	body, encodeErr := NewProblem(e, s.requestID, s.jti, s.a.Now()).encode()
	if encodeErr != nil {
		return inClear(errUnavailable.Wrap(encodeErr))
	}
	sealed, sealErr := s.direct.Seal(typError, body, s.a.Rand)
	if sealErr != nil {
		return inClear(errUnavailable.Wrap(sealErr))
	}
	return Reply{Sealed: sealed, Refusal: e}
}

// answer seals v as an answer of the given typ.
func (s *sealer) answer(typ string, v any) Reply {
	body, err := json.Marshal(v)
	if err != nil {
		return s.refuse(errUnavailable.Wrap(err))
	}
	sealed, err := s.direct.Seal(typ, body, s.a.Rand)
	if err != nil {
		return s.refuse(errUnavailable.Wrap(err))
	}
	return Reply{Sealed: sealed}
}

// noteEvery is how often a ledger that takes no records is complained about:
// whoever floods the gateway must not flood its log as well.
const noteEvery = 10 * time.Second

// note logs, now and then, that the ledger did not take a record which must
// not change the answer any more, and how many there were.
func (a *Authority) note(doing string, err error) {
	if err == nil {
		return
	}
	lost := a.lost.Add(1)
	now := a.Now().UnixMilli()
	last := a.noted.Load()
	if now-last < noteEvery.Milliseconds() || !a.noted.CompareAndSwap(last, now) {
		return
	}
	a.Log.Error("ledger records lost", slog.String("doing", doing), slog.Int64("lost", lost), slog.Any("err", err))
}

// Lost is how many records the ledger did not take since the start.
func (a *Authority) Lost() int64 { return a.lost.Load() }
