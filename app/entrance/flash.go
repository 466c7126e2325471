package entrance

import (
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/web"
	"postern/views/i18n"
	"postern/views/ui"
)

// notes are what a page may say after a change: the id stands in the address, so
// that a page loads the same twice and nothing is kept on the server. An id that
// is neither here nor the house's says nothing.
var notes = map[string]i18n.Key{
	"session-ended": i18n.ConsoleEnded, "email-set": i18n.ConsoleDoneEmail,
	"password-changed": i18n.SignDonePassword, "passkey-added": i18n.SignDonePasskey, "authenticator-added": i18n.SignDoneTOTP,
	"factor-renamed": i18n.SignDoneRenamed, "factor-removed": i18n.SignDoneRemoved, "recovery-made": i18n.SignDoneRecovery,
	"sign-on-linked": i18n.SignDoneLinked,
}

// Note is what a page has to say of the change before it; nil for nothing.
func (e *Entrance) Note(c *gin.Context) *ui.NoteView {
	id := c.Query("done")
	key, ok := notes[id]
	if !ok {
		key, ok = e.o.Notes[id]
	}
	if !ok {
		return nil
	}
	return &ui.NoteView{Tone: ui.Ok, Text: i18n.T(c.Request.Context(), key)}
}

// Done leads to a page, whose path may have a query, that says what was done.
func Done(c *gin.Context, path, what string) error {
	sign := "?"
	if strings.Contains(path, sign) {
		sign = "&"
	}
	return web.SeeOther(c, path+sign+url.Values{"done": {what}}.Encode())
}

func nextQuery(next string) string { return url.Values{"next": {next}}.Encode() }
