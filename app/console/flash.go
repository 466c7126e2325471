package console

import (
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"postern/app/web"
	"postern/views/i18n"
	"postern/views/ui"
)

// flashes are what a page may say after a change: the id stands in the address,
// so that a page loads the same twice and nothing is kept on the server. An id
// that is not here says nothing.
var flashes = map[string]i18n.Key{
	"session-ended": i18n.ConsoleEnded,
	"approved":      i18n.ConsoleDoneApproved, "sent-back": i18n.ConsoleDoneSentBack, "rejected": i18n.ConsoleDoneRejected,
	"withdrawn": i18n.ConsoleDoneWithdrawn, "commented": i18n.ConsoleDoneCommented,
	"noted": i18n.PartnerNoted, "draft-kept": i18n.OnboardingKept, "dropped": i18n.OnboardingDropped,
	"asked": i18n.ConsoleDoneAsked, "applied": i18n.ConsoleDoneApplied,
}

func flashOf(c *gin.Context) *ui.NoteView {
	key, ok := flashes[c.Query("done")]
	if !ok {
		return nil
	}
	note := &ui.NoteView{Tone: ui.Ok, Text: i18n.T(c.Request.Context(), key)}
	// A number in the address leads to a request, which is shown to who may see it.
	if id, err := strconv.ParseInt(c.Query("request"), 10, 64); err == nil && id > 0 {
		note.Links = []ui.LinkView{{Text: i18n.T(c.Request.Context(), i18n.ConsoleRequestNo, id), Href: requestPath(id)}}
	}
	return note
}

// done leads to a page that says what was done.
func done(c *gin.Context, path, what string) error {
	return web.SeeOther(c, path+"?"+url.Values{"done": {what}}.Encode())
}

func nextQuery(next string) string { return url.Values{"next": {next}}.Encode() }
