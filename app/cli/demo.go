package cli

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"postern/app/demo"
)

// What a demo starts with when nothing is said; the flags below say the same.
const (
	defaultData     = "postern-data"
	defaultBasePort = 8080
)

type demoCommand struct {
	Data     string `help:"Folder for the demo's data; a second start on it continues." default:"postern-data" type:"path"`
	Traffic  bool   `help:"Keep a trickle of varied visits going, refusals included; a line every 10 s sums it up."`
	BasePort int    `help:"First of the six ports: N, N+1, N+2, N+10, N+11 and N+12." default:"8080" placeholder:"N"`
}

func (c demoCommand) Run(i invocation) error {
	ports, err := demo.PortsFrom(c.BasePort)
	if err != nil {
		return fmt.Errorf("read --base-port: %w", err)
	}
	return demo.Run(i.ctx, demo.Options{
		Data: c.Data, Traffic: c.Traffic, Out: i.Out, Log: i.log(slog.LevelError), Now: i.Now, Rand: i.Rand,
		Ports: ports, Command: c.again(os.Args[0]),
	})
}

// again is the command line that starts this demo once more, in the folder where
// it was started. program is the process's own name.
func (c demoCommand) again(program string) string {
	if strings.Contains(filepath.ToSlash(program), "/go-build") {
		program = "go run ." // which leaves its program in a temporary folder
	}
	words := []string{program, "demo"}
	if c.BasePort != defaultBasePort {
		words = append(words, "--base-port", fmt.Sprint(c.BasePort))
	}
	if own, err := filepath.Abs(defaultData); err != nil || own != c.Data {
		words = append(words, "--data", shellWord(c.Data))
	}
	if c.Traffic {
		words = append(words, "--traffic")
	}
	return strings.Join(words, " ")
}

// shellWord quotes what a shell would take apart.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)
