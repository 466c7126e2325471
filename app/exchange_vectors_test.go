package app_test

import (
	"testing"

	"postern/app/apptest"
)

// envelopeVectors is testdata/jwe_inbound.json.
type envelopeVectors struct {
	Tests []struct {
		ID   int    `json:"tcId"`
		Name string `json:"name"`
		JWE  string `json:"jwe"`
	} `json:"tests"`
}

// maxExchange is the size limit of step D, octets (protocol section 5).
const maxExchange = 16 << 10

func TestEnvelopeVectors(t *testing.T) {
	t.Parallel()
	var v envelopeVectors
	readVectors(t, "jwe_inbound.json", &v)
	w := newWorld(t, apptest.Options{})
	if len(v.Tests) != 83 {
		t.Fatalf("%d cases", len(v.Tests))
	}
	p := w.NewPage(w.AT(apptest.Travel, nil))
	visit := w.NewVisit(apptest.Travel, nil)
	for _, tc := range v.Tests {
		t.Run(tc.Name, func(t *testing.T) {
			body := []byte(tc.JWE)
			if len(body) > maxExchange {
				expect(t, p.TryExchange(body), 413, "too_large", inClear)
			} else {
				expect(t, p.TryExchange(body), 400, "bad_envelope", inClear)
			}
			// Under a visit's keys none of them opens either; its limit is another.
			expect(t, visit.OpenReply(visit.Post("/gateway/v1/calls", body)), 400, "bad_envelope", inClear)
		})
	}
	expect(t, p.TryOpen(), 200, "", sealed)
	expect(t, visit.Get("/loans/offers"), 200, "", sealed)
}
