package console_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/evidence"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// vouched is a house with an anchor and one checkpoint.
func vouched(t *testing.T, c store.Config) *house {
	t.Helper()
	anchor := filepath.Join(t.TempDir(), "anchor.jsonl")
	h := newHouseOf(t, c, apptest.Options{Config: func(c *app.Config) { c.Evidence = config.Evidence{Anchor: anchor} }})
	h.AT(apptest.Travel, nil)
	h.vouch()
	return h
}

func (h *house) vouch() {
	h.t.Helper()
	for _, do := range []func(context.Context) (string, error){h.App.Evidence().Grow, h.App.Evidence().Look, h.App.Evidence().Check} {
		if _, err := do(h.t.Context()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// keys are what an auditor took down.
func (h *house) keys() evidence.Keys {
	h.t.Helper()
	k, err := h.Ring().EvidenceSigner()
	if err != nil {
		h.t.Fatal(err)
	}
	return evidence.KeysOf(k.Public())
}

func eachVouched(t *testing.T, test func(t *testing.T, h *house)) {
	for name, open := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, vouched(t, open(t)))
		})
	}
}

func TestAuditorsTakeCheckpointsAndProofsAlong(t *testing.T) {
	t.Parallel()
	eachVouched(t, func(t *testing.T, h *house) {
		page := h.page(models.AuditRole, "/console/evidence")
		wants(t, page, "the anchor agrees", "gateway.bank.example/events", "events are as they were when they happened", "All events are vouched for")
		for _, role := range []models.StaffRole{models.SystemRole, models.OfficerRole, models.ReviewerRole, models.SupportRole} {
			if rec := h.as(role, "/console/evidence", nil); rec.Code != http.StatusForbidden {
				t.Errorf("%s: %d", role, rec.Code)
			}
			lacks(t, h.page(role, "/console/log"), "/console/evidence")
		}

		note := h.as(models.SecurityRole, regexpOf(t, `href="(/console/evidence/checkpoints/\d+)"`, page), nil)
		c, err := h.keys().Open(note.Body.String())
		if err != nil || c.Size < 2 || !strings.HasPrefix(note.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("got %+v, %v", c, err)
		}

		row := regexpOf(t, `href="(/console/log/[0-9a-f-]{36})[^"]*"`, h.page(models.AuditRole, "/console/log"))
		proof := h.as(models.AuditRole, regexpOf(t, `href="(/console/evidence/proofs/[^"]+)"`, h.page(models.AuditRole, row)), nil)
		p, err := evidence.ReadProof(proof.Body.Bytes())
		if err != nil {
			t.Fatalf("%d: %v", proof.Code, err)
		}
		if _, err := p.Check(h.keys()); err != nil || !strings.Contains(p.Event, `"kind":"at.issued"`) {
			t.Errorf("got %+v, %v", p, err)
		}
		lacks(t, h.page(models.SupportRole, row), "/console/evidence")

		for path, code := range map[string]int{
			"/console/evidence/checkpoints/1": http.StatusNotFound, "/console/evidence/checkpoints/x": http.StatusNotFound,
			"/console/evidence/proofs/none": http.StatusNotFound, "/console/evidence?after=x": http.StatusUnprocessableEntity,
		} {
			if rec := h.as(models.AuditRole, path, nil); rec.Code != code {
				t.Errorf("%s: %d, want %d", path, rec.Code, code)
			}
		}
	})
}

func TestAProofAskedForTooEarlyComesByItself(t *testing.T) {
	t.Parallel()
	eachVouched(t, func(t *testing.T, h *house) {
		h.Later(time.Second)
		h.AT(apptest.Travel, nil) // no checkpoint covers it
		row := regexpOf(t, `href="(/console/log/[0-9a-f-]{36})[^"]*"`, h.page(models.AuditRole, "/console/log"))
		proof := regexpOf(t, `href="(/console/evidence/proofs/[^"]+)"`, h.page(models.AuditRole, row))
		early := h.as(models.AuditRole, proof, nil)
		if early.Code != http.StatusConflict || early.Header().Get("Refresh") != "10" {
			t.Errorf("%d, %v", early.Code, early.Header())
		}
		wants(t, early.Body.String(), "One is signed every 1 min", "this page looks again by itself")
		h.vouch()
		if rec := h.as(models.AuditRole, proof, nil); rec.Code != http.StatusOK || rec.Header().Get("Refresh") != "" {
			t.Errorf("with a checkpoint: %d, %v", rec.Code, rec.Header())
		}
	})
}

func TestTheAnchorOfARemovedNodeAlarmsNobody(t *testing.T) {
	t.Parallel()
	eachVouched(t, func(t *testing.T, h *house) {
		const day = 24 * 60 * 60 * 1000
		h.Write(func(tx *store.Tx, now int64) error {
			for node, seen := range map[string]int64{"lives": now - day, "gone": now - 8*day} {
				if err := tx.SaveNode(models.Node{Name: node, SeenAt: seen, StartedAt: seen}); err != nil {
					return err
				}
				if err := tx.SaveAnchor(models.Anchor{Node: node, State: models.AnchorDiffers, Problem: "it is shorter", AgreedAt: seen}); err != nil {
					return err
				}
			}
			return nil
		})
		page := h.page(models.AuditRole, "/console/evidence")
		wants(t, page, "Node lives: the anchor differs", "it counts as removed")
		lacks(t, page, "Node gone: the anchor differs")
	})
}

func TestCheckpointsAreLeafedThrough(t *testing.T) {
	t.Parallel()
	eachVouched(t, func(t *testing.T, h *house) {
		for range 21 {
			h.AT(apptest.Travel, nil)
			h.vouch()
		}
		page := h.page(models.AuditRole, "/console/evidence")
		older := regexpOf(t, `href="(/console/evidence\?after=[^"]+)"`, page)
		if n := strings.Count(page, "/console/evidence/checkpoints/"); n != 20 {
			t.Errorf("%d on the first page", n)
		}
		if n := strings.Count(h.page(models.AuditRole, older), "/console/evidence/checkpoints/"); n != 2 {
			t.Errorf("%d on the second page", n)
		}
	})
}

func TestWhatIsWrongStandsFirst(t *testing.T) {
	t.Parallel()
	eachVouched(t, func(t *testing.T, h *house) {
		h.Exec("UPDATE events SET actor = 'nobody' WHERE seq = 1")
		if _, err := h.App.Evidence().Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		wants(t, h.page(models.AuditRole, "/console/evidence"), "The verification found a fault", "Event 1: it is not as the ledger wrote it")
		h.Exec("UPDATE trees SET size = 1")
		if _, err := h.App.Evidence().Look(t.Context()); err == nil {
			t.Fatal("a shorter database is not noticed")
		}
		wants(t, h.page(models.AuditRole, "/console/evidence"), "This node decides nothing", "the database has fewer events than the anchor vouches for")
	})
}
