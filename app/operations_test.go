package app_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// around is what the commands of docs/operations.md find on a machine that is
// theirs, played where they are not root's: no user is made, and the unit is a
// process of the test's own.
const around = `set -euo pipefail
useradd() { :; }
chown() { :; }
dpkg() { echo test; }
runuser() { shift 3; "$@"; } # -u postern --
install() { # without owners
	local words=()
	while (($#)); do
		case $1 in -o | -g) shift ;; *) words+=("$1") ;; esac
		shift
	done
	command install "${words[@]}"
}
unit=
systemctl() {
	case $1 in
	daemon-reload) ;;
	enable | start)
		/usr/local/bin/postern serve --config /etc/postern/postern.yaml 2>>/var/log/postern.log &
		unit=$!
		until /usr/local/bin/postern ready --config /etc/postern/postern.yaml >/dev/null 2>&1; do
			kill -0 "$unit"
			sleep 0.1
		done
		;;
	stop)
		kill -TERM "$unit"
		wait "$unit"
		;;
	restart)
		systemctl stop
		systemctl start
		;;
	esac
}
`

// walked are the blocks of a page that are coloured as bash.
var walked = regexp.MustCompile("(?ms)^[ ]*```bash\n(.*?)^[ ]*```$")

// machine moves what the page names into a folder and onto ports of the test's.
func machine(t *testing.T) (folder string, moved *strings.Replacer) {
	t.Helper()
	folder = t.TempDir()
	var pairs []string
	for _, path := range []string{"/etc/systemd/system", "/etc/postern", "/var/lib/postern", "/var/log", "/usr/local/bin", "/backup"} {
		here := filepath.Join(folder, path)
		if err := os.MkdirAll(here, 0o700); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, path, here)
	}
	for _, name := range []string{"rehearsal", "dist", "deploy"} {
		pairs = append(pairs, " "+name, " "+filepath.Join(folder, name), "="+name, "="+filepath.Join(folder, name), `"`+name, `"`+filepath.Join(folder, name))
	}
	for _, port := range []string{"8443", "8081", "9090", "9092"} {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, free, _ := net.SplitHostPort(listener.Addr().String())
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, port, free)
	}
	return folder, strings.NewReplacer(pairs...)
}

// Who has only README.md and docs/operations.md installs a node behind TLS, has
// a visit of a partner of his own, loses the machine, restores it, and changes
// every key under visits: by the page's commands, in its order.
func TestTheOperationsPageIsWalkedFromTopToBottom(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program, fetches a module and takes half a minute")
	}
	for _, program := range []string{"bash", "openssl", "curl", "npm", "node"} {
		if _, err := exec.LookPath(program); err != nil {
			skipOrFail(t, "node", program+" is not installed")
		}
	}
	folder, moved := machine(t)
	built := filepath.Join(folder, "dist", "postern-linux-test")
	run(t, nil, "go", "build", "-o", built, "postern")
	if err := os.Mkdir(filepath.Join(folder, "deploy"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postern.yaml", "postern.service"} {
		text := strings.Replace(moved.Replace(readPage(t, "deploy", name)), "notice_time: 2s", "notice_time: 0s", 1) // no balancer is there
		if err := os.WriteFile(filepath.Join(folder, "deploy", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := around
	blocks := walked.FindAllStringSubmatch(readPage(t, "docs", "operations.md"), -1)
	if len(blocks) < 15 {
		t.Fatalf("the page has %d blocks to walk", len(blocks))
	}
	for i, block := range blocks {
		script += fmt.Sprintf("echo '== block %d'\n%s", i+1, block[1])
	}
	output, err := walk(t, moved.Replace(script+"systemctl stop\necho '== done'\n"))
	log, _ := os.ReadFile(filepath.Join(folder, "var/log/postern.log")) // for the message below
	if err != nil || !strings.HasSuffix(output, "== done\n") {
		t.Fatalf("%v\n%s\nthe gateway's log:\n%s", err, output, log)
	}
	for _, want := range []string{
		"\nready\n", `"name":"周**"`, `"balance":"1024.50"`, "closed 204", "Every access token, visit and key of before is dead", "keys were sealed anew",
		"webhook took the test message.", "is acknowledged by Lin Tao", "less is shown, as nobody agreed", "agreed to deposit.account:read version 1", "nobody was refused",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("nothing on the way said %q:\n%s", want, output)
		}
	}
	for _, never := range []string{"score", "6222020200112345678", "REFUSED"} {
		if strings.Contains(output, never) {
			t.Errorf("%q came out:\n%s", never, output)
		}
	}
	if !strings.Contains(string(log), "certificate read") {
		t.Error("the new certificate was not taken up")
	}
	if testing.Verbose() {
		t.Log(output)
	}
}

// walk runs a script to its end; what it has started ends with it, however it
// ends, as it has a group of processes of its own.
func walk(t *testing.T, script string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir, cmd.WaitDelay = "..", 5*time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return "", err
	}
	group := -cmd.Process.Pid
	cmd.Cancel = func() error { return syscall.Kill(group, syscall.SIGKILL) }
	state, err := cmd.Process.Wait()
	_ = syscall.Kill(group, syscall.SIGKILL) // the upstream, and what a failed script has left
	if waited := cmd.Wait(); err == nil && !state.Success() {
		err = fmt.Errorf("%s; %w", state, waited)
	}
	return output.String(), err
}
