package app

import (
	"context"

	"postern/app/entrance"
	"postern/models"
)

// ConsoleScreen is a row of a house's table.
type ConsoleScreen struct {
	Method, Pattern string
	Access          entrance.Access
}

// ConsoleScreens is the console's table.
func (a *App) ConsoleScreens() []ConsoleScreen { return screens(a.consoleRoutes()) }

// PortalScreens is the portal's.
func (a *App) PortalScreens() []ConsoleScreen { return screens(a.portalRoutes()) }

func screens(rows []screen) (list []ConsoleScreen) {
	for _, r := range rows {
		list = append(list, ConsoleScreen{r.method, r.pattern, r.access})
	}
	return list
}

// RunJob runs one of the node's jobs at once.
func (a *App) RunJob(ctx context.Context, name string) (models.JobRun, error) {
	return a.jobs.RunNow(ctx, name)
}
