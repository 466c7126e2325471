package cli

import (
	"fmt"
	"log/slog"

	"postern/app/demo"
)

type demoCommand struct {
	Data     string `help:"Folder for the demo's data; a second start on it continues." default:"postern-data" type:"path"`
	Traffic  bool   `help:"Keep a trickle of varied visits going, refusals included; a line every 10 s sums it up."`
	BasePort int    `help:"First of the five ports: N, N+1, N+10, N+11 and N+12." default:"8080" placeholder:"N"`
}

func (c demoCommand) Run(i invocation) error {
	ports, err := demo.PortsFrom(c.BasePort)
	if err != nil {
		return fmt.Errorf("read --base-port: %w", err)
	}
	return demo.Run(i.ctx, demo.Options{
		Data: c.Data, Traffic: c.Traffic, Out: i.Out, Log: i.log(slog.LevelError), Now: i.Now, Rand: i.Rand,
		Ports: ports,
	})
}
