package keeper

import (
	"os"
	"strconv"
	"syscall"
)

// reap takes leave of the children that have ended, and reports whether there are others.
func (k *keeper) reap() (more bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG|syscall.WALL, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil: // ECHILD: there are none
			return false
		case pid == 0:
			return true
		default:
			k.note(pid, status)
		}
	}
}

// await waits until a child has ended.
func (k *keeper) await() {
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WALL, nil); err == nil {
		k.note(pid, status)
	}
}

func (k *keeper) note(pid int, status syscall.WaitStatus) {
	if pid == k.program {
		k.program, k.status = 0, status
	}
}

// clear kills everything below the keeper. It kills children only, again and again: their
// numbers are not given anew before they are reaped here, and what they leave becomes a child
// in turn.
func (k *keeper) clear() {
	for k.reap() {
		found := children()
		for _, pid := range found {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if len(found) > 0 {
			k.await()
		}
	}
}

// children returns this process's children, as its threads list them, see proc_pid_children(5),
// or as those say whose parent it is where the kernel has no such lists.
func children() []int {
	threads, _ := os.ReadDir("/proc/self/task")
	var found []int
	for _, thread := range threads {
		text, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/children")
		if err != nil {
			return childrenByParent()
		}
		for _, field := range fields(text) {
			if pid, err := strconv.Atoi(field); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}

// childrenByParent looks at every process for its parent, see proc_pid_stat(5).
func childrenByParent() []int {
	const parent = 1 // after the name in parentheses, and the state
	entries, _ := os.ReadDir("/proc")
	own, found := strconv.Itoa(os.Getpid()), []int(nil)
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue // it is gone
		}
		last := len(text) - 1
		for last >= 0 && text[last] != ')' {
			last--
		}
		if stat := fields(text[last+1:]); len(stat) > parent && stat[parent] == own {
			found = append(found, pid)
		}
	}
	return found
}

// fields is [bytes.Fields], whose package has more to initialise.
func fields(text []byte) []string {
	var all []string
	begin := -1
	for i, c := range text {
		switch space := c == ' ' || c == '\n'; {
		case space && begin >= 0:
			all, begin = append(all, string(text[begin:i])), -1
		case !space && begin < 0:
			begin = i
		}
	}
	if begin >= 0 {
		all = append(all, string(text[begin:]))
	}
	return all
}
