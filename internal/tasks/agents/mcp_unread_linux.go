package agents

import (
	"os"

	"golang.org/x/sys/unix"
)

// unread returns how many bytes of what was written to a pipe nobody has read, which Linux
// tells at either end (TIOCINQ, the same as FIONREAD of pipe(7)), also when nobody is left to read them.
func unread(pipe *os.File) int64 {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	_ = raw.Control(func(fd uintptr) {
		n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) //nolint:gosec // it is a file descriptor
	})
	if err != nil {
		return 0
	}
	return int64(n)
}
