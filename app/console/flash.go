package console

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"postern/app/web"
	"postern/views/i18n"
	"postern/views/ui"
)

// flashes are what a page may say after a change: the id stands in the address,
// so that a page loads the same twice and nothing is kept on the server. An id
// that is not here says nothing.
var flashes = map[string]i18n.Key{
	"session-ended":    i18n.ConsoleEnded,
	"password-changed": i18n.SignDonePassword, "passkey-added": i18n.SignDonePasskey, "authenticator-added": i18n.SignDoneTOTP,
	"factor-renamed": i18n.SignDoneRenamed, "factor-removed": i18n.SignDoneRemoved, "recovery-made": i18n.SignDoneRecovery,
	"sign-on-linked": i18n.SignDoneLinked,
	"approved":       i18n.ConsoleDoneApproved, "sent-back": i18n.ConsoleDoneSentBack, "rejected": i18n.ConsoleDoneRejected,
	"withdrawn": i18n.ConsoleDoneWithdrawn, "commented": i18n.ConsoleDoneCommented,
	"noted": i18n.PartnerNoted, "draft-kept": i18n.OnboardingKept, "dropped": i18n.OnboardingDropped,
	"email-set": i18n.ConsoleDoneEmail, "disabled": i18n.StaffDisabled, "enabled": i18n.StaffEnabled, "sessions-ended": i18n.StaffSessionsEnded,
	"visits-ended": i18n.LiveDone, "visit-ended": i18n.LiveDoneOne,
	"alert-acknowledged": i18n.AlertsDone,
	"asked":              i18n.ConsoleDoneAsked, "applied": i18n.ConsoleDoneApplied,
}

func flashOf(c *gin.Context) *ui.NoteView {
	key, ok := flashes[c.Query("done")]
	if !ok {
		return nil
	}
	return &ui.NoteView{Tone: ui.Ok, Text: i18n.T(c.Request.Context(), key)}
}

// done leads to a page that says what was done.
func done(c *gin.Context, path, what string) error {
	return web.SeeOther(c, path+"?"+url.Values{"done": {what}}.Encode())
}

func nextQuery(next string) string { return url.Values{"next": {next}}.Encode() }
