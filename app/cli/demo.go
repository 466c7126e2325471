package cli

import (
	"log/slog"

	"postern/app/demo"
)

type demoCommand struct {
	Data    string `help:"Folder for the demo's data; a second start on it continues." default:"postern-data" type:"path"`
	Traffic bool   `help:"Keep a trickle of varied visits going, refusals included."`
}

func (c demoCommand) Run(i invocation) error {
	return demo.Run(i.ctx, demo.Options{
		Data: c.Data, Traffic: c.Traffic, Out: i.Out, Log: i.log(slog.LevelWarn), Now: i.Now, Rand: i.Rand,
		Ports: demo.DefaultPorts,
	})
}
