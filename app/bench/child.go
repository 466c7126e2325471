package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
)

// childHost is the server's side in a process of its own, with one processor.
type childHost struct {
	process *exec.Cmd
	orders  io.WriteCloser
	encoder *json.Encoder
	answers *json.Decoder
	pinned  bool
}

// openChild starts the command of the options; on a machine with two cores or more and with
// taskset the child gets core 0 for itself and this process the others.
func openChild(ctx context.Context, o Options, a assignment) (*childHost, opened, error) {
	command := o.Child
	pinned := !o.PinNothing && runtime.NumCPU() > 1 && pinSelf(ctx)
	if pinned {
		command = append([]string{"taskset", "-c", "0"}, command...)
	}
	c := &childHost{process: exec.CommandContext(ctx, command[0], command[1:]...), pinned: pinned}
	c.process.Env = append(os.Environ(), "GOMAXPROCS=1")
	c.process.Stderr = os.Stderr
	var err error
	if c.orders, err = c.process.StdinPipe(); err != nil {
		return nil, opened{}, fmt.Errorf("start server: %w", err)
	}
	out, err := c.process.StdoutPipe()
	if err != nil {
		return nil, opened{}, fmt.Errorf("start server: %w", err)
	}
	if err := c.process.Start(); err != nil {
		return nil, opened{}, fmt.Errorf("start server: %w", err)
	}
	c.encoder, c.answers = json.NewEncoder(c.orders), json.NewDecoder(out)
	where, err := ask[opened](c, a)
	if err != nil {
		return nil, opened{}, errors.Join(fmt.Errorf("start server: %w", err), c.close(ctx))
	}
	return c, where, nil
}

// pinSelf moves all threads of this process off core 0; threads to come inherit
// it. It is for a process that is a bench and nothing else.
func pinSelf(ctx context.Context) bool {
	others := "1-" + strconv.Itoa(runtime.NumCPU()-1)
	if err := exec.CommandContext(ctx, "taskset", "-a", "-c", "-p", others, strconv.Itoa(os.Getpid())).Run(); err != nil {
		return false // not there, or not allowed: the report says that nothing was pinned
	}
	runtime.GOMAXPROCS(runtime.NumCPU() - 1)
	return true
}

func ask[T any](c *childHost, question any) (T, error) {
	var a answer[T]
	if err := c.encoder.Encode(question); err != nil {
		return a.Value, fmt.Errorf("ask server process: %w", err)
	}
	if err := c.answers.Decode(&a); err != nil {
		return a.Value, fmt.Errorf("read server process: %w", err)
	}
	if a.Error != "" {
		return a.Value, errors.New(a.Error)
	}
	return a.Value, nil
}

func (c *childHost) do(_ context.Context, o order) (report, error) { return ask[report](c, o) }

// close ends the child by ending its orders, and waits for it.
func (c *childHost) close(context.Context) error {
	return errors.Join(c.orders.Close(), c.process.Wait())
}

// describe names where the two sides run.
func (c *childHost) describe() string {
	if !c.pinned {
		return "server in a process of its own with GOMAXPROCS=1, not pinned to a core"
	}
	return "server in a process of its own on core 0 with GOMAXPROCS=1, load and upstream on the other cores"
}
