package keeper

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// Of prctl(2), capset(2) and landlock_restrict_self(2), which package syscall lacks.
const (
	prSetNoNewPrivs     = 38
	prSetChildSubreaper = 36
	prCapAmbient        = 47
	prCapAmbientClear   = 4
	sysRestrictSelf     = 446 // the same on all architectures
	capabilityVersion3  = 0x20080522
)

func prctl(option int, value uintptr) syscall.Errno {
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, uintptr(option), value, 0, 0, 0, 0)
	return errno
}

// refuse says what failed, and ends the entry.
func refuse(what string, errno syscall.Errno) {
	_, _ = syscall.Write(startFile, []byte(strconv.Itoa(int(errno))+" "+what))
	end(1)
}

// enter binds this process and becomes the program. args are the keeper's process and an order.
// It is the main thread, as every init function is: what belongs to a thread is the program's,
// since the thread that calls execve is the one that is left.
func enter(args []string) {
	syscall.CloseOnExec(startFile)
	if len(args) == 0 {
		refuse(errOrder.Error(), 0)
	}
	keeper, order := args[0], args[1:]
	o, path, command, err := readOrder(order)
	if err != nil {
		refuse(err.Error(), 0)
	}
	dropBounds()
	if o.Switch {
		switchUser(o)
	}
	dropCapabilities()
	// A change of user takes the signal back that was set at the fork.
	if errno := prctl(syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL)); errno != 0 {
		refuse("death signal", errno)
	}
	if strconv.Itoa(os.Getppid()) != keeper {
		end(1) // the keeper has gone meanwhile
	}
	if errno := prctl(prSetNoNewPrivs, 1); errno != 0 {
		refuse("no_new_privs", errno)
	}
	if o.Dir != "" {
		if err := syscall.Chdir(o.Dir); err != nil {
			refuse("chdir "+o.Dir, number(err))
		}
	}
	become(o, path, command)
}

// switchUser becomes the order's user, this thread alone.
func switchUser(o Order) {
	groups := make([]uint32, len(o.Groups)+1) // one more, so that there is a first
	for i, g := range o.Groups {
		groups[i] = uint32(g) //nolint:gosec // read as one
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(len(o.Groups)), uintptr(unsafe.Pointer(&groups[0])), 0); errno != 0 {
		refuse("setgroups", errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESGID, uintptr(o.Group), uintptr(o.Group), uintptr(o.Group)); errno != 0 {
		refuse("setgid "+strconv.Itoa(o.Group), errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(o.User), uintptr(o.User), uintptr(o.User)); errno != 0 {
		refuse("setuid "+strconv.Itoa(o.User), errno)
	}
}

// dropBounds empties the set of capabilities that an executed file may give. Who has no right
// to do so has nothing to lose.
func dropBounds() {
	for capability := uintptr(0); ; capability++ {
		if errno := prctl(syscall.PR_CAPBSET_DROP, capability); errno != 0 {
			return // EINVAL: that was the last one
		}
	}
}

// dropCapabilities gives all capabilities up, root's too. Who has none does not ask for less:
// a service may be forbidden to.
func dropCapabilities() {
	_ = prctl(prCapAmbient, prCapAmbientClear) // they go with the permitted ones
	header := struct {
		version uint32
		pid     int32
	}{version: capabilityVersion3}
	var has, sets [6]uint32 // effective, permitted and inheritable, twice
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&has)), 0)
	if errno == 0 && has == sets {
		return
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets)), 0); errno != 0 {
		refuse("capset", errno)
	}
}

// become executes the program. The limits come last: they may be too narrow for what runs here.
func become(o Order, path string, command []string) {
	if o.Rules {
		syscall.CloseOnExec(entryRulesFile)
		if _, _, errno := syscall.RawSyscall(sysRestrictSelf, entryRulesFile, uintptr(o.Flags), 0); errno != 0 {
			refuse("landlock", errno)
		}
	}
	env := os.Environ()
	for _, l := range o.Limits {
		if err := syscall.Setrlimit(l.Resource, &syscall.Rlimit{Cur: l.Soft, Max: l.Hard}); err != nil {
			refuse("limit "+strconv.Itoa(l.Resource), number(err))
		}
	}
	refuse("execute "+path, number(syscall.Exec(path, command, env)))
}

// number returns the number of a system call's error.
func number(err error) syscall.Errno {
	errno, _ := err.(syscall.Errno) //nolint:errorlint // package syscall returns it as it is
	return errno
}
