package cli_test

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app/store/storetest"
)

func TestReadyAsksTheGatewayOnThisMachine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writePair(t, folder)
	w := newServedWorld(t, storetest.SQLiteConfig(t))
	tls := map[string]string{
		"POSTERN_LISTENERS_INTERNAL_TLS_CERT": filepath.Join(folder, "tls.crt"), "POSTERN_LISTENERS_INTERNAL_TLS_KEY": filepath.Join(folder, "tls.key"),
		"POSTERN_LIMITS_NOTICE_TIME": "2s",
	}
	s := serve(t, w, tls)
	eventually(t, "it is ready", func() bool {
		code, out, _ := command(t, w, tls, "ready", "--internal", s.internal)
		return code == 0 && out == "ready\n"
	})
	s.stop()
	eventually(t, "it says that it stops", func() bool {
		code, out, errors := command(t, w, tls, "ready", "--internal", s.internal)
		return code == 1 && strings.Contains(out, "stopping: the node is about to stop") && strings.Contains(errors, "not ready (503)")
	})
	<-s.ended
	if code, _, errors := command(t, w, tls, "ready", "--internal", s.internal); code != 1 || !strings.Contains(errors, "connection refused") {
		t.Errorf("with nobody there: exit %d, %s", code, errors)
	}
	if code, _, errors := command(t, w, nil, "ready", "--internal", "nowhere"); code != 1 || !strings.Contains(errors, "listeners.internal.address") {
		t.Errorf("with a bad address: exit %d, %s", code, errors)
	}
}

func TestTheServiceManagerIsToldWhenTheGatewayServesAndStops(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	heard := func(want string) {
		t.Helper()
		if err := manager.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		word := make([]byte, 64)
		n, err := manager.Read(word)
		if err != nil || string(word[:n]) != want {
			t.Fatalf("heard %q, %v; want %s", word[:n], err, want)
		}
	}
	s := serve(t, newServedWorld(t, storetest.SQLiteConfig(t)), map[string]string{"POSTERN_LIMITS_NOTICE_TIME": "0s", "NOTIFY_SOCKET": socket})
	heard("READY=1")
	if got := status(t, "http://"+s.internal+"/healthz"); got != http.StatusOK {
		t.Errorf("it says %d when it is ready", got)
	}
	s.stop()
	heard("STOPPING=1")
	if code := <-s.ended; code != 0 {
		t.Errorf("exit %d:\n%s", code, s.log)
	}
}

func TestAManagerThatDoesNotHearStopsNobody(t *testing.T) {
	t.Parallel()
	s := serve(t, newServedWorld(t, storetest.SQLiteConfig(t)), map[string]string{
		"POSTERN_LIMITS_NOTICE_TIME": "0s", "NOTIFY_SOCKET": filepath.Join(t.TempDir(), "nobody"),
	})
	s.log.wait(t, "service manager not told")
	s.stop()
	if code := <-s.ended; code != 0 {
		t.Errorf("exit %d:\n%s", code, s.log)
	}
}

func TestASecondGatewayOnAFileIsRefused(t *testing.T) {
	t.Parallel()
	w := newServedWorld(t, storetest.SQLiteConfig(t))
	first := serve(t, w, map[string]string{"POSTERN_LIMITS_NOTICE_TIME": "0s"})
	code, _, errors := command(t, w, map[string]string{
		"POSTERN_ISSUER": "https://gateway.bank.example", "POSTERN_MASTER_KEY": testKey, "POSTERN_DATABASE_PATH": w.Config.Store.Path,
		"POSTERN_LISTENERS_GATEWAY_ADDRESS": first.gateway, "POSTERN_LISTENERS_INTERNAL_ADDRESS": "127.0.0.1:0", // it would end at the latest there
	}, "serve")
	if code != 1 || !strings.Contains(errors, "in use by another gateway; several nodes need PostgreSQL") {
		t.Errorf("exit %d: %s", code, errors)
	}
	first.stop()
	<-first.ended
}
