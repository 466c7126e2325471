package demo

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"postern/app"
	"postern/app/config"
	"postern/app/store"
)

// openGateway starts the product itself on the demo's folder.
func openGateway(ctx context.Context, o Options, p places, held folder) (*app.App, error) {
	gateway, err := app.New(ctx, app.Config{
		Issuer: p.gateway,
		Node:   "demo",
		Store:  store.Config{Driver: "sqlite", Path: held.database, Now: o.Now},
		Master: held.master,
		Bank:   "Haitang Bank", BankZH: "海棠银行",
		Console: config.Console{Address: p.internal},
		Portal:  config.Portal{Address: p.portal, PrivateWebhooks: true}, // there is nothing but this machine
		Told:    config.Config{Listeners: config.Listeners{Gateway: listensAt(p.gateway), Internal: listensAt(p.internal), Portal: listensAt(p.portal)}},
		// A demo is looked at in its first minutes, and its anchor is on the one disk there is.
		Evidence: config.Evidence{Every: 15 * time.Second, Anchor: filepath.Join(filepath.Dir(held.database), "anchor.jsonl")},
		Zone:     time.FixedZone("Asia/Shanghai", 8*60*60), // China keeps one offset all year
		Now:      o.Now, Rand: o.Rand, Log: o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("start the gateway: %w", err)
	}
	return gateway, nil
}

// listensAt is the listener at an address of the demo's.
func listensAt(address string) config.Listener {
	return config.Listener{Address: address[strings.Index(address, "//")+2:]}
}
