package cli

import (
	"fmt"
	"net"
)

// notifier tells the service manager what becomes of the process: one datagram
// for each word, to a socket that it has named (sd_notify(3)).
type notifier struct{ socket string } // empty: nobody asked

// The words, as sd_notify(3) has them.
const (
	isReady  = "READY=1"
	stopping = "STOPPING=1"
)

// tell sends one word, or nothing where nobody asked.
func (n notifier) tell(word string) error {
	if n.socket == "" {
		return nil
	}
	connection, err := net.Dial("unixgram", n.socket) // a name that begins with @ is an abstract one to Go, too
	if err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	defer connection.Close()
	if _, err := connection.Write([]byte(word)); err != nil {
		return fmt.Errorf("tell the service manager: %w", err)
	}
	return nil
}
