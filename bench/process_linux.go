package bench

import "syscall"

// ofItsOwn keeps a Ctrl-C meant for the bench from its processes, which it stops itself,
// and has them killed should it be killed.
func ofItsOwn() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
