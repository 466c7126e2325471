package crashrig

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// CyclesVariable is the environment variable that sets the number of kills.
const CyclesVariable = "POSTERN_CRASH_CYCLES"

// startPatience is how long a child may take to its first acknowledgement.
const startPatience = 30 * time.Second

// Rig is one series of kills.
type Rig struct {
	Cycles int                  // how often to kill
	Work   time.Duration        // the longest that a child works before it is killed
	Start  func() *exec.Cmd     // makes the child, not started; the rig takes its stdout
	Check  func(cycle []string) // judges the complete lines of one child; the child is dead
}

// Cycles is the number of kills: what POSTERN_CRASH_CYCLES says, else short in
// short mode, else full.
func Cycles(t testing.TB, short, full int) int {
	t.Helper()
	if set := os.Getenv(CyclesVariable); set != "" {
		n, err := strconv.Atoi(set)
		if err != nil || n < 1 {
			t.Fatalf("%s=%q is not a positive number", CyclesVariable, set)
		}
		return n
	}
	if testing.Short() {
		return short
	}
	return full
}

// Run kills a child Cycles times and checks after each. It fails the test if no
// child ever acknowledged anything.
func (r Rig) Run(t testing.TB) {
	t.Helper()
	total := 0
	for range r.Cycles {
		lines := r.cycle(t)
		total += len(lines)
		r.Check(lines)
		if t.Failed() {
			return
		}
	}
	if total == 0 {
		t.Fatal("no child acknowledged anything")
	}
	t.Logf("%d kills, %d acknowledgements", r.Cycles, total)
}

// cycle starts a child, kills it at a random moment after its first
// acknowledgement and returns what it had acknowledged.
func (r Rig) cycle(t testing.TB) []string {
	t.Helper()
	child := r.Start()
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	child.Stderr = &stderr
	if err := child.Start(); err != nil {
		t.Fatalf("start child: %v", err)
	}
	first := make(chan struct{})
	result := make(chan []string, 1)
	go func() { result <- readLines(stdout, first) }()

	select {
	case <-first:
		timer := time.NewTimer(rand.N(r.Work))
		<-timer.C
	case lines := <-result:
		_ = child.Wait() // its exit status says less than its stderr
		t.Fatalf("the child ended by itself after %d lines:\n%s", len(lines), stderr.String())
	case <-time.After(startPatience):
		t.Errorf("the child acknowledged nothing in %v", startPatience)
	}
	if err := child.Process.Kill(); err != nil { // SIGKILL
		t.Fatalf("the child was gone before it was killed: %v\n%s", err, stderr.String())
	}
	lines := <-result
	_ = child.Wait() // "signal: killed"
	return lines
}

// readLines reads to the end and drops a last line that the kill cut off. It
// closes first when there is one line.
func readLines(r io.Reader, first chan<- struct{}) (lines []string) {
	b := bufio.NewReader(r)
	for {
		line, err := b.ReadString('\n')
		if err != nil {
			return lines
		}
		if lines = append(lines, strings.TrimSuffix(line, "\n")); len(lines) == 1 {
			close(first)
		}
	}
}
