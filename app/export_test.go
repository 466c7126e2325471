package app

import (
	"context"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/selfservice"
	"postern/app/webhooks"
	"postern/models"
)

// Screen is a row of a house's table.
type Screen struct {
	Method, Pattern string
	Access          entrance.Access
}

// ConsoleScreens is the console's table.
func (a *App) ConsoleScreens() []Screen { return screens(a.consoleRoutes()) }

// PortalScreens is the portal's.
func (a *App) PortalScreens() []Screen { return screens(a.portalRoutes()) }

func screens(rows []screen) (list []Screen) {
	for _, r := range rows {
		list = append(list, Screen{r.method, r.pattern, r.access})
	}
	return list
}

// RunJob runs one of the node's jobs at once.
func (a *App) RunJob(ctx context.Context, name string) (models.JobRun, error) {
	return a.jobs.RunNow(ctx, name)
}

// SelfService is what partners' users change by, and the bank answers them by.
func (a *App) SelfService() *selfservice.SelfService { return a.selfService }

// Webhooks are those of all partners.
func (a *App) Webhooks() *webhooks.Webhooks { return a.webhooks }

// Approvals are the change requests.
func (a *App) Approvals() *approval.Approvals { return a.approvals }
