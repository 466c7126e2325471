package feeds

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The states of a TCP connection, as the kernel numbers them, that matter once
// the peer has closed its side: it took everything, or it reset the connection.
const (
	tcpClosed    = 7
	tcpCloseWait = 8
)

var errReset = errors.New("the connection was reset behind its end")

// acknowledged returns once the peer, which has closed its side, has taken all
// that was sent. A peer that closed while the last of it was on its way answers
// it with a reset, which would come behind the end that we have read.
func acknowledged(ctx context.Context, conn net.Conn) error {
	raw, err := conn.(syscall.Conn).SyscallConn() // of net's own connections
	if err != nil {
		return err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		var info *unix.TCPInfo
		var fault error
		if err := raw.Control(func(fd uintptr) { info, fault = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); err != nil {
			return err
		}
		switch {
		case fault != nil:
			return fault
		case info.State == tcpClosed:
			return errReset
		case info.State == tcpCloseWait && info.Unacked == 0 && info.Notsent_bytes == 0:
			return nil
		}
		if !sleep(ctx, wait) {
			return context.Cause(ctx)
		}
	}
}
