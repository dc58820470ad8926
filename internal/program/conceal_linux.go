package program

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Conceal makes this process undumpable: no other process of its user can trace it, or read
// its memory or its environment in /proc, and it leaves no core dump. It does not hold against
// one with CAP_SYS_PTRACE, such as root's, and does not hide the arguments. See prctl(2),
// PR_SET_DUMPABLE.
func Conceal() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("conceal this process: %w", err)
	}
	return nil
}
