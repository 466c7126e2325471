package console

import (
	"cmp"
	"net/url"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/change"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// maxNote bounds a note, characters.
const maxNote = 2000

func checkNote(text string) errs.Fields {
	var f errs.Fields
	n := utf8.RuneCountInString(text)
	f.Check(n > 0 && n <= maxNote && utf8.ValidString(text), "note", "partner.note_length", "Write 1 to 2,000 characters.")
	return f
}

// addNote puts a note on record. Its words stay out of the ledger: they may be
// about persons.
func (s *Console) addNote(c *gin.Context, partner, text string) error {
	who := entrance.VisitOf(c).Who.Account.ID
	return s.o.Store.Write(c.Request.Context(), func(tx *store.Tx) error {
		now := s.o.Now()
		id, err := ledger.NewID(now, s.o.Rand)
		if err != nil {
			return err
		}
		if err := tx.AddNote(models.PartnerNote{ID: id, PartnerID: partner, AccountID: who, At: now.UnixMilli(), Text: text}); err != nil {
			return err
		}
		w := change.NewWriter(c.Request.Context(), tx, who, now, s.o.Rand)
		return w.Event(ledger.Event{Kind: "partner.noted", PartnerID: partner}, map[string]string{"id": partner, "note": id})
	})
}

// notesShown is how many notes a page lists.
const notesShown = 50

func (s *Console) notesTab(c *gin.Context, v partnerView, fault faulty, values map[string]string) ([]console.Section, error) {
	ctx, list, below := v.ctx, "notes "+v.row.ID, ""
	if place := c.Query("place"); place != "" {
		at, err := s.o.Cursors.Open(list, place, 1)
		if err != nil {
			return nil, err
		}
		below = at[0]
	}
	notes, err := s.o.Store.Notes(ctx, v.row.ID, below, notesShown+1)
	if err != nil {
		return nil, err
	}
	section := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerNotes)}}
	if len(notes) > notesShown {
		notes = notes[:notesShown]
		section.Paging = &ui.PagingView{Words: " ", Older: tabPath(v.row.ID, "notes") + "?" + url.Values{"place": {s.o.Cursors.Make(list, notes[notesShown-1].ID)}}.Encode()}
	}
	ids := make([]string, len(notes))
	for i, n := range notes {
		ids[i] = n.AccountID
	}
	names, err := s.accountNames(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		name := cmp.Or(names[n.AccountID], n.AccountID)
		section.Said = append(section.Said, ui.Remark{Name: name, Initial: initial(name), At: s.At(n.At), Text: n.Text})
	}
	if len(notes) == 0 {
		section.Empty = &ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoNotes), Text: i18n.T(ctx, i18n.PartnerNoNotesText)}
	}
	if !v.canNote {
		return []console.Section{section}, nil
	}
	f := s.former(c, tabPath(v.row.ID, "notes"), values, fault)
	f.row(f.field("note", i18n.PartnerNoteField, with(area(3), f.help(i18n.PartnerNoteHelp), func(v *ui.FieldView) { v.MaxLength = maxNote })))
	form := f.done("", ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerNoteAdd)})
	return []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerNoteNew)}, Form: &form}, section}, nil
}
