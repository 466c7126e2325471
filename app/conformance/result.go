package conformance

import (
	"context"
	"encoding/json"
	"fmt"

	"postern/models"
)

// Typ is the typ of the header of a signed result: no other JWS of the gateway has it, and
// the gateway takes it for nothing.
const Typ = "conformance+jwt"

// Result is what a run came to, as it is signed.
type Result struct {
	Issuer       string               `json:"iss"`
	ID           string               `json:"jti"` // of the run
	Application  string               `json:"sub"`
	Partner      string               `json:"partner"`
	By           string               `json:"by"`  // the account that began it
	IssuedAt     int64                `json:"iat"` // Unix seconds
	BeganAt      int64                `json:"began_at"`
	EndedAt      int64                `json:"ended_at"` // Unix ms, as all other times
	Ended        models.RunEnd        `json:"ended"`
	Met          int                  `json:"met"` // of Of, those that are as they should be
	Of           int                  `json:"of"`
	Observations []models.Observation `json:"observations"`
}

// resultOf is the result of a run that has ended.
func (r *Runs) resultOf(run models.ConformanceRun) Result {
	met, of := models.Met(run.Observed)
	return Result{
		Issuer: r.o.Issuer, ID: run.ID, Application: run.ApplicationID, Partner: run.PartnerID, By: run.AccountID, IssuedAt: run.EndedAt / 1000,
		BeganAt: run.BeganAt, EndedAt: run.EndedAt, Ended: run.Ended, Met: met, Of: of, Observations: run.Observed,
	}
}

func (r *Runs) sign(run models.ConformanceRun) (string, error) {
	payload, err := json.Marshal(r.resultOf(run))
	if err != nil {
		return "", fmt.Errorf("write result: %w", err)
	}
	compact, err := r.o.Sign(Typ, payload)
	return string(compact), err
}

// Proved is a run that has ended as it was signed; holds is false where the signature does not
// hold or is over another run, and nothing of it is to be believed then.
func (r *Runs) Proved(ctx context.Context, run models.ConformanceRun) (proved models.ConformanceRun, holds bool, err error) {
	payload, holds, err := r.o.Verify(ctx, Typ, run.Result)
	if err != nil || !holds {
		return run, false, err
	}
	var signed Result
	if json.Unmarshal(payload, &signed) != nil {
		return run, false, nil // whatever it is, it is no result
	}
	if signed.Issuer != r.o.Issuer || signed.ID != run.ID || signed.Application != run.ApplicationID || signed.Partner != run.PartnerID {
		return run, false, nil
	}
	run.AccountID, run.BeganAt, run.EndedAt, run.Ended, run.Observed = signed.By, signed.BeganAt, signed.EndedAt, signed.Ended, signed.Observations
	return run, true, nil
}
