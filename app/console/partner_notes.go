package console

import (
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
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
	who := visitOf(c).who.Account.ID
	return s.o.Store.Write(c.Request.Context(), func(tx *store.Tx) error {
		now := s.o.Now()
		id, err := ledger.NewID(now, s.o.Rand)
		if err != nil {
			return err
		}
		if err := tx.AddNote(models.PartnerNote{ID: id, PartnerID: partner, AccountID: who, At: now.UnixMilli(), Text: text}); err != nil {
			return err
		}
		w := change.Writer{Tx: tx, Now: now, Rand: s.o.Rand, Actor: who}
		return w.Event(ledger.Event{Kind: "partner.noted", PartnerID: partner}, map[string]string{"id": partner, "note": id})
	})
}
