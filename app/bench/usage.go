package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// usage is what a process has used.
type usage struct {
	CPU      time.Duration `json:"cpu"`      // user and system
	Resident int64         `json:"resident"` // octets; 0 where the system does not tell
}

func readUsage() (usage, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return usage{}, fmt.Errorf("read resource usage: %w", err)
	}
	return usage{CPU: time.Duration(u.Utime.Nano() + u.Stime.Nano()), Resident: resident()}, nil
}

// resident reads VmRSS, which Linux gives in KiB (proc_pid_status(5)).
func resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := bytes.Cut(status, []byte("VmRSS:"))
	fields := bytes.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
