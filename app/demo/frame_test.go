package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// worlds maps a frame to the isolated world made in it for looking.
var worlds sync.Map

// evalInFrame evaluates an expression in the first frame of the page. localhost
// is one site whatever the port, so the frame lives in the tab's own process.
func evalInFrame(ctx context.Context, expression string) (string, error) {
	tree, err := page.GetFrameTree().Do(ctx)
	if err != nil {
		return "", err
	}
	if len(tree.ChildFrames) == 0 {
		return "", errors.New("the page has no frame")
	}
	frame := tree.ChildFrames[0].Frame
	key := string(frame.ID) + string(frame.LoaderID)
	world, known := worlds.Load(key)
	if !known {
		made, err := page.CreateIsolatedWorld(frame.ID).Do(ctx)
		if err != nil {
			return "", err
		}
		worlds.Store(key, made)
		world = made
	}
	result, thrown, err := runtime.Evaluate(expression).WithContextID(world.(runtime.ExecutionContextID)).Do(ctx)
	if err != nil {
		return "", err
	}
	if thrown != nil {
		return "", thrown
	}
	var text string
	return text, json.Unmarshal(result.Value, &text)
}
