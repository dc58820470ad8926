package redistest

import "syscall"

// dieWithParent makes a test's redis-server end with the test binary, even one that
// was killed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
