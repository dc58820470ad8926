package program

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"switchyard/internal/program/keeper"
)

// resources are those of Limits.all, in its order.
var resources = []int{unix.RLIMIT_CPU, unix.RLIMIT_NPROC, unix.RLIMIT_NOFILE, unix.RLIMIT_FSIZE, unix.RLIMIT_AS}

// CheckHere reports what of the bounds this process cannot keep a program to, on this machine.
func (b Bounds) CheckHere() error {
	errs := []error{b.Limits.checkHere(), b.Allow.checkHere()}
	if b.User != "" {
		a, err := findAccount(b.User)
		errs = append(errs, err)
		if err == nil {
			errs = append(errs, b.checkAccount(a))
		}
	}
	return errors.Join(errs...)
}

func (b Bounds) checkAccount(a account) error {
	if a.user == 0 && b.Limits.Processes > 0 {
		return fmt.Errorf("limits.processes is given with user %q: it does not hold for root, so name another", b.User)
	}
	if a.own() {
		return nil
	}
	for _, needed := range []struct {
		capability uint
		name       string
	}{{unix.CAP_SETUID, "CAP_SETUID"}, {unix.CAP_SETGID, "CAP_SETGID"}, {unix.CAP_KILL, "CAP_KILL"}, {unix.CAP_CHOWN, "CAP_CHOWN"}} {
		if !capable(needed.capability) {
			return fmt.Errorf("user %q: this process runs as user %d without %s: run the worker as root or with CAP_SETUID, CAP_SETGID, CAP_KILL and CAP_CHOWN, or leave user out", b.User, os.Geteuid(), needed.name)
		}
	}
	return nil
}

// capable reports whether this process has a capability.
func capable(capability uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	return unix.Capget(&header, &data[0]) == nil && data[capability/32].Effective&(1<<(capability%32)) != 0
}

// checkHere reports the limits that are beyond what this process may give.
func (l Limits) checkHere() error {
	var errs []error
	for i, limit := range l.all() {
		var most syscall.Rlimit
		if err := syscall.Getrlimit(resources[i], &most); err != nil {
			return fmt.Errorf("limits.%s: %w", limit.name, err)
		}
		if limit.value > 0 && uint64(limit.value) > most.Max && !capable(unix.CAP_SYS_RESOURCE) {
			errs = append(errs, fmt.Errorf("limits.%s is %d: this process may give %d at most: raise its own limit, or lower this one", limit.name, limit.value, most.Max))
		}
	}
	return errors.Join(errs...)
}

// order returns the limits as a keeper's entry sets them. A program that has used up its time
// is told so by SIGXCPU, and killed a second later if it catches that.
func (l Limits) order() []keeper.Limit {
	var all []keeper.Limit
	for i, limit := range l.all() {
		if limit.value == 0 {
			continue
		}
		value := uint64(limit.value) //nolint:gosec // checked: not negative
		set := keeper.Limit{Resource: resources[i], Soft: value, Hard: value}
		if resources[i] == unix.RLIMIT_CPU {
			var most syscall.Rlimit
			if syscall.Getrlimit(set.Resource, &most) == nil && most.Max > value {
				set.Hard++
			}
		}
		all = append(all, set)
	}
	return all
}

// checkHere reports what of it this kernel cannot keep, and which paths are not there.
func (a Allow) checkHere() error {
	rules, _, err := newRules(a, "")
	if rules != nil {
		err = errors.Join(err, rules.Close())
	}
	return err
}
