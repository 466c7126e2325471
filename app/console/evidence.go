package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/evidence"
	"postern/app/recordview"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const (
	evidencePath = "/console/evidence"
	// checkpointRows is how many checkpoints a page lists.
	checkpointRows = 20
)

var readsEvidence = policies.Permission{Resource: "evidence", Action: "read"}

// Evidence shows what is vouched for in the ledger, by whom, and what the last
// verification found.
func (s *Console) Evidence(c *gin.Context) error {
	ctx := c.Request.Context()
	newest, found, err := s.o.Store.NewestCheckpoint(ctx)
	if err != nil {
		return err
	}
	anchors, err := s.anchors(ctx)
	if err != nil {
		return err
	}
	check, err := s.o.Store.EvidenceCheck(ctx)
	if err != nil {
		return err
	}

	page := console.PartnerPage{
		Frame:  s.frame(c, i18n.T(ctx, i18n.EvidenceTitle)),
		Header: ui.HeaderView{Title: i18n.T(ctx, i18n.EvidenceTitle), Lead: ui.Text(i18n.T(ctx, i18n.EvidenceLead))},
		Notes:  s.evidenceNotes(ctx, anchors, check),
	}
	first := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.EvidenceNewest)}}
	if !found {
		first.Empty = &ui.EmptyView{Title: i18n.T(ctx, i18n.EvidenceNone), Text: i18n.T(ctx, i18n.EvidenceNoneText)}
	} else if first.Facts, err = s.newestFacts(ctx, newest); err != nil {
		return err
	}
	page.Main = []console.Section{first, s.anchorSection(ctx, anchors), s.checkSection(ctx, check, newest.Size)}
	all, err := s.checkpoints(c)
	if err != nil {
		return err
	}
	if found {
		page.Main = append(page.Main, all)
	}
	return web.Render(c, http.StatusOK, console.Partner(page))
}

// goneAfter is after how long without a sign of life a node counts as removed: what
// its anchor said last calls nobody any more.
const goneAfter = 7 * 24 * time.Hour

// nodeAnchor is what a node's anchor said last; gone is for a node that was removed.
type nodeAnchor struct {
	models.Anchor
	gone bool
}

func (s *Console) anchors(ctx context.Context) (list []nodeAnchor, err error) {
	rows, err := s.o.Store.Anchors(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := s.o.Store.Nodes(ctx, s.o.Now().Add(-goneAfter).UnixMilli())
	for _, row := range rows {
		there := slices.ContainsFunc(nodes, func(n models.Node) bool { return n.Name == row.Node })
		list = append(list, nodeAnchor{Anchor: row, gone: !there && row.Node != s.o.Node})
	}
	return list, err
}

// evidenceNotes say what is wrong, first of all.
func (s *Console) evidenceNotes(ctx context.Context, anchors []nodeAnchor, check models.EvidenceCheck) (notes []ui.NoteView) {
	for _, a := range anchors {
		if a.State == models.AnchorDiffers && !a.gone {
			lead := i18n.T(ctx, i18n.EvidenceNode) + " " + a.Node + ": " + i18n.T(ctx, i18n.EvidenceDiffers)
			if a.Node == s.o.Node {
				lead = i18n.T(ctx, i18n.EvidenceStopped)
			}
			notes = append(notes, ui.NoteView{Tone: ui.Bad, Lead: lead, Text: finding(ctx, a.Finding, a.Problem)})
		}
	}
	if check.Fault != "" {
		notes = append(notes, ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.EvidenceCheckTitle), Text: faultWords(ctx, check)})
	}
	return notes
}

func finding(ctx context.Context, code, problem string) string {
	return cmp.Or(i18n.Finding(i18n.From(ctx), code), problem)
}

func faultWords(ctx context.Context, check models.EvidenceCheck) string {
	return i18n.T(ctx, i18n.EvidenceFault, i18n.Number(ctx, check.FaultSeq), finding(ctx, check.Finding, check.Fault))
}

func (s *Console) newestFacts(ctx context.Context, c models.Checkpoint) (*ui.KeyValuesView, error) {
	var f recordview.Facts
	word := func(k i18n.Key) string { return i18n.T(ctx, k) }
	f.Text(word(i18n.EvidenceEvents), i18n.Number(ctx, c.Size))
	f.Part(word(i18n.EvidenceSigned), true, ui.Time(s.At(c.MadeAt)))
	f.Mono(word(i18n.EvidenceRoot), c.Root)
	f.ID(word(i18n.EvidenceKey), c.KeyID, "")
	public, known, err := s.o.Keys.EvidencePublic(ctx, c.KeyID)
	if err != nil {
		return nil, err
	}
	if known {
		line, err := evidence.VerifierKey(s.o.Evidence.Origin(), public)
		if err != nil {
			return nil, err
		}
		f.Mono(word(i18n.EvidenceVerifier), line)
	}
	if c.Epoch != 0 {
		f.Text(word(i18n.EvidenceEpoch), i18n.Exact(ctx, s.InZone(c.Epoch)))
	}
	late, err := s.o.Evidence.Late(ctx, s.o.Now())
	if err != nil {
		return nil, err
	}
	waits := word(i18n.EvidenceNoWaiting)
	if late >= 2*time.Minute {
		waits = i18n.T(ctx, i18n.EvidenceWaits, i18n.Duration(ctx, late))
	}
	f.Text(word(i18n.EvidenceWaitsTitle), waits)
	return &ui.KeyValuesView{Rows: f.Rows}, nil
}

func (s *Console) anchorSection(ctx context.Context, list []nodeAnchor) console.Section {
	section := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.EvidenceAnchors)}}
	t := ui.TableView{Caption: section.Card.Title, Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.EvidenceNode)}, {Text: i18n.T(ctx, i18n.EvidenceState)}, {Text: i18n.T(ctx, i18n.EvidenceLooked)},
		{Text: i18n.T(ctx, i18n.EvidenceEvents), Number: true}, {Text: i18n.T(ctx, i18n.EvidenceWritten)},
	}}
	for _, a := range list {
		badge, problem := ui.BadgeView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.EvidenceAgrees)}, ""
		switch a.State {
		case models.AnchorDiffers:
			badge = ui.BadgeView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.EvidenceDiffers)}
			problem = finding(ctx, a.Finding, a.Problem)
		case models.AnchorFailed:
			badge, problem = ui.BadgeView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.EvidenceFailed)}, a.Problem
		}
		if a.gone {
			badge, problem = ui.BadgeView{Tone: ui.Outline, Text: badge.Text}, i18n.T(ctx, i18n.EvidenceGone)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: a.Node}, {Part: ui.Badge(badge), Second: problem}, s.evidenceMoment(ctx, a.AgreedAt),
			{Text: i18n.Number(ctx, a.Size)}, s.evidenceMoment(ctx, a.WrittenAt),
		}})
	}
	if len(list) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.EvidenceNoAnchor), Text: i18n.T(ctx, i18n.EvidenceNoAnchorT)})
	}
	section.Table = &t
	return section
}

// evidenceMoment is how long ago something was.
func (s *Console) evidenceMoment(ctx context.Context, ms int64) ui.Cell {
	if ms == 0 {
		return ui.Cell{Part: ui.Faint(i18n.T(ctx, i18n.EvidenceNever))}
	}
	return ui.Cell{Part: ui.Time(s.At(ms))}
}

func (s *Console) checkSection(ctx context.Context, check models.EvidenceCheck, size int64) console.Section {
	var f recordview.Facts
	result := i18n.T(ctx, i18n.EvidenceNotYet)
	switch {
	case check.Fault != "":
		result = faultWords(ctx, check)
	case check.WholeAt != 0:
		result = i18n.T(ctx, i18n.EvidenceFine, i18n.Number(ctx, check.WholeSize))
	}
	f.Text(i18n.T(ctx, i18n.EvidenceResult), result)
	if check.WholeAt != 0 {
		f.Part(i18n.T(ctx, i18n.EvidenceWhole), true, ui.Time(s.At(check.WholeAt)))
	}
	if check.Position > 0 && check.Fault == "" {
		f.Text(i18n.T(ctx, i18n.EvidenceRound), i18n.T(ctx, i18n.EvidenceRoundAt, i18n.Number(ctx, check.Position), i18n.Number(ctx, max(size, check.Position))))
	}
	return console.Section{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.EvidenceCheck)}, Text: i18n.T(ctx, i18n.EvidenceByHand), Facts: &ui.KeyValuesView{Rows: f.Rows},
	}
}

// checkpoints is a page of them, the largest first.
func (s *Console) checkpoints(c *gin.Context) (console.Section, error) {
	ctx := c.Request.Context()
	section := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.EvidenceCheckpoints)}}
	at, err := s.place(c, evidencePath, 1)
	if err != nil {
		return section, err
	}
	below, _ := strconv.ParseInt(at[0], 10, 64) // it was written here, or is empty
	list, err := s.o.Store.CheckpointsBelow(ctx, below, checkpointRows+1)
	if err != nil {
		return section, err
	}
	paging := ui.PagingView{Words: " "}
	if below > 0 {
		paging.Newer = evidencePath
	}
	if len(list) > checkpointRows {
		list = list[:checkpointRows]
		paging.Older = evidencePath + "?after=" + s.o.Cursors.Make(evidencePath, strconv.FormatInt(list[checkpointRows-1].Size, 10))
	}
	if section.Table = s.checkpointTable(ctx, list); paging.Newer+paging.Older != "" {
		section.Paging = &paging
	}
	return section, nil
}

func (s *Console) checkpointTable(ctx context.Context, list []models.Checkpoint) *ui.TableView {
	t := &ui.TableView{Caption: i18n.T(ctx, i18n.EvidenceCheckpoints), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.EvidenceSigned)}, {Text: i18n.T(ctx, i18n.EvidenceEvents), Number: true}, {Text: i18n.T(ctx, i18n.EvidenceRoot)},
		{Text: i18n.T(ctx, i18n.EvidenceKey)}, {},
	}}
	for _, one := range list {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: i18n.Stamp(ctx, s.InZone(one.MadeAt))}, {Text: i18n.Number(ctx, one.Size)}, {Part: ui.ID(ui.IDView{ID: one.Root})},
			{Part: ui.ID(ui.IDView{ID: one.KeyID})},
			{Part: ui.Button(ui.ButtonView{
				Text: i18n.T(ctx, i18n.EvidenceDownload), Small: true, Icon: "download", Href: evidencePath + "/checkpoints/" + strconv.FormatInt(one.Size, 10),
			})},
		}})
	}
	return t
}

// EvidenceCheckpoint sends a checkpoint as the signed note that it is.
func (s *Console) EvidenceCheckpoint(c *gin.Context) error {
	size, err := strconv.ParseInt(c.Param("size"), 10, 64)
	if err != nil {
		return evidence.ErrNoCheckpoint
	}
	one, found, err := s.o.Store.Checkpoint(c.Request.Context(), size)
	if err == nil && !found {
		err = evidence.ErrNoCheckpoint
	}
	if err != nil {
		return err
	}

	return download(c, "postern-checkpoint-"+strconv.FormatInt(one.Size, 10)+".txt", "text/plain; charset=utf-8", []byte(one.Note))
}

// EvidenceProof sends the proof that an event is in the ledger.
func (s *Console) EvidenceProof(c *gin.Context) error {
	p, err := evidence.ProveEvent(c.Request.Context(), s.o.Store, c.Param("event"))
	if errors.Is(err, evidence.ErrNotYet) {
		// The page looks again by itself, without a script too, and ends as the file.
		c.Header("Refresh", strconv.Itoa(int(proofAgain.Seconds())))
		return &notProvable{every: s.o.Evidence.Every()}
	}
	if err != nil {
		return err
	}
	file, err := p.File()
	if err != nil {
		return err
	}

	return download(c, "postern-proof-"+strconv.FormatInt(p.Seq, 10)+".json", "application/json", file)
}

// proofAgain is how long a page waits before it asks for a proof again.
const proofAgain = 10 * time.Second

// notProvable is evidence.ErrNotYet with how often checkpoints are signed.
type notProvable struct{ every time.Duration }

// Error says it in English.
func (e *notProvable) Error() string { return "a checkpoint is signed every " + e.every.String() }

// Unwrap makes it evidence.ErrNotYet.
func (*notProvable) Unwrap() error { return evidence.ErrNotYet }

// notProvableWords say by when there is a proof.
func notProvableWords(ctx context.Context, err error) string {
	var e *notProvable
	if !errors.As(err, &e) {
		return ""
	}
	return i18n.T(ctx, i18n.EvidenceProofNotYet, i18n.Duration(ctx, e.every))
}

// download sends a small file to keep.
func download(c *gin.Context, name, kind string, file []byte) error {
	c.Header("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`"`)
	c.Header("Cache-Control", "no-store")
	c.Data(http.StatusOK, kind, file)
	return nil
}

// proofLink is where the proof of an event is to be had, for who may have it.
func proofLink(c *gin.Context, e models.Event) string {
	if !entrance.VisitOf(c).Rights.May(readsEvidence) {
		return ""
	}
	return evidencePath + "/proofs/" + url.PathEscape(e.ID)
}
