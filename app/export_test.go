package app

import (
	"context"

	"postern/app/entrance"
	"postern/models"
)

// ConsoleScreen is a row of the console's table.
type ConsoleScreen struct {
	Method, Pattern string
	Access          entrance.Access
}

// ConsoleScreens is the console's table.
func (a *App) ConsoleScreens() (list []ConsoleScreen) {
	for _, r := range a.consoleRoutes() {
		list = append(list, ConsoleScreen{r.method, r.pattern, r.access})
	}
	return list
}

// RunJob runs one of the node's jobs at once.
func (a *App) RunJob(ctx context.Context, name string) (models.JobRun, error) {
	return a.jobs.RunNow(ctx, name)
}
