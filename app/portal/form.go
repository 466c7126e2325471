package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// still refuses when an application is not what a form was made from.
func still(id, seen string) func(store.Business) error {
	return func(b store.Business) error {
		a, _, err := partners.ReadApplication(b, id)
		if err == nil && bankfile.Version(a) != seen {
			return change.ErrMoved
		}
		return err
	}
}

// fields are an application's as a form has them.
func fields(a partners.Application) portal.ApplicationForm {
	return portal.ApplicationForm{
		Name: a.Name, Addresses: lines(a.Addresses), ReturnAddresses: lines(a.ReturnAddresses), Method: string(a.AuthMethod), Mode: string(a.AddressMode),
	}
}

func lines(list []string) (text string) {
	for _, line := range list {
		text += line + "\n"
	}
	return text
}

// typed is what came of the form.
func typed(c *gin.Context) portal.ApplicationForm {
	return portal.ApplicationForm{
		Name: c.PostForm("name"), Addresses: c.PostForm("addresses"), ReturnAddresses: c.PostForm("return_addresses"),
		Method: c.PostForm("auth_method"), Mode: c.PostForm("address_mode"), Reason: c.PostForm("reason"), Seen: c.PostForm("seen"),
	}
}

// over puts what was typed over an application.
func over(a partners.Application, f portal.ApplicationForm) partners.Application {
	a.Name, a.AuthMethod, a.AddressMode = f.Name, models.AuthMethod(f.Method), models.AddressMode(f.Mode)
	a.Addresses, a.ReturnAddresses = entrance.Lines(f.Addresses), entrance.Lines(f.ReturnAddresses)
	return a
}

// faulted puts what is wrong beside its fields, and returns the status to answer
// with. ok is false for an error that is no fault of the form's.
func (p *Portal) faulted(c *gin.Context, err error, kind, id string, f *portal.ApplicationForm) (status int, ok bool) {
	ctx := c.Request.Context()
	var refusal *bankfile.Refusal
	for conflict, text := range conflicts {
		if errors.Is(err, conflict) {
			f.Others = []string{i18n.T(ctx, text)}
			return http.StatusConflict, true
		}
	}
	switch {
	case errors.As(err, &refusal):
		f.Faults = p.Words(c, refusal.Fields(kind, id))
		for _, fault := range refusal.Faults {
			if fault.Kind != kind || fault.ID != id {
				f.Others = append(f.Others, entrance.Sentence(ctx, errs.Message{ID: fault.Message.ID, Text: fault.Text}))
			}
		}
	case errs.FieldsOf(err) != nil:
		f.Faults = p.Words(c, errs.FieldsOf(err))
	default:
		return 0, false
	}
	for _, list := range []string{"addresses", "return_addresses"} {
		entrance.IntoLines(ctx, f.Faults, list)
	}
	return http.StatusUnprocessableEntity, true
}

// conflicts say what stands in the way of a form that is right in itself.
var conflicts = map[error]i18n.Key{
	change.ErrMoved: i18n.PortalMoved, approval.ErrNothing: i18n.PortalNothing,
	selfservice.ErrSandbox: i18n.PortalSandboxFull, selfservice.ErrWaiting: i18n.PortalManyWait,
	selfservice.ErrHeld: i18n.PortalScopeHeld, selfservice.ErrTakenOften: i18n.PortalScopeOften,
}

// methods and modes are the lists to choose from.
func methods(ctx context.Context, chosen string) []ui.Option {
	return []ui.Option{
		{Value: string(models.PrivateKeyJWT), Text: i18n.T(ctx, i18n.MethodKey), Chosen: chosen == string(models.PrivateKeyJWT)},
		{Value: string(models.ClientSecretBasic), Text: i18n.T(ctx, i18n.MethodSecret), Chosen: chosen == string(models.ClientSecretBasic)},
	}
}

func modes(ctx context.Context, chosen string) (list []ui.Option) {
	for _, mode := range slices.Backward(models.AddressModes) {
		list = append(list, ui.Option{Value: string(mode), Text: modeName(ctx, mode), Chosen: chosen == string(mode)})
	}
	return list
}

func modeName(ctx context.Context, mode models.AddressMode) string {
	return i18n.T(ctx, map[models.AddressMode]i18n.Key{
		models.AddressOff: i18n.ModeOff, models.AddressDryRun: i18n.ModeDryRun, models.AddressEnforce: i18n.ModeEnforce,
	}[mode])
}
