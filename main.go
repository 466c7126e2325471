// Postern is a bank's own door for third-party apps: a token gateway for H5
// pages that open inside partners' webViews. See README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"postern/app/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], cli.Process())
	stop()
	os.Exit(code)
}
