// Package program starts programs that others have written and keeps them within bounds: as
// what user they run, how much they may use, and what they may reach. None outlives the worker
// that has started it, nor its own end in what it leaves behind.
//
// A program runs below a keeper; see package keeper, which is this binary again. Linux has all
// of this. Elsewhere a program is started and ended, and bounds are refused.
package program

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Bounds is what a program is kept to. The zero value keeps it to what holds for all: no
// capabilities and no new privileges, and where the kernel has Landlock, no signals to
// processes that it has not started and no look at them.
type Bounds struct {
	// User is whom it runs as, name[:group], or their numbers; "" for the worker's own. With
	// a group it has that alone, without one those that the system lists for the user.
	User string `yaml:"user,omitempty"`
	// OwnDir has it run in a new directory that only its user may enter and that is removed
	// when it has ended.
	OwnDir bool   `yaml:"own_dir,omitempty"`
	Limits Limits `yaml:"limits,omitempty"`
	Allow  Allow  `yaml:"allow,omitempty"`
}

// Limits are those of setrlimit(2), which hold for each process of a program, except for
// Processes. 0: as for the worker.
type Limits struct {
	CPU          time.Duration `yaml:"cpu,omitempty"`           // time on a processor, in whole seconds
	Processes    int64         `yaml:"processes,omitempty"`     // and threads, of the program's user in all
	Files        int64         `yaml:"files,omitempty"`         // open at a time
	FileSize     int64         `yaml:"file_size,omitempty"`     // in bytes, of a file that it writes
	AddressSpace int64         `yaml:"address_space,omitempty"` // in bytes
}

// Allow lists what a program may reach, and needs Landlock in the kernel
// (https://docs.kernel.org/userspace-api/landlock.html). If Read or Write has a path, nothing
// else in the file system is to be reached, but for the program's own directory and the
// devices that are harmless. If Connect or Listen is not nil, no other port of TCP is.
type Allow struct {
	Read    []string  `yaml:"read,omitempty"`  // files, and directories with all below: to read and execute
	Write   []string  `yaml:"write,omitempty"` // the same: to write, too
	Connect *[]uint16 `yaml:"connect,omitempty"`
	Listen  *[]uint16 `yaml:"listen,omitempty"`
}

func (a Allow) paths() bool { return len(a.Read)+len(a.Write) > 0 }
func (a Allow) ports() bool { return a.Connect != nil || a.Listen != nil }

// IsZero reports whether nothing is said of bounds.
func (b Bounds) IsZero() bool {
	return b.User == "" && !b.OwnDir && b.Limits == Limits{} && !b.Allow.paths() && !b.Allow.ports()
}

// Check reports what is wrong with bounds on any machine, for a program that is executed as
// file and runs in dir, "" if nothing is said of that.
func (b Bounds) Check(file, dir string) error {
	errs := []error{b.checkUser(), b.Limits.check()}
	if b.Limits.Processes > 0 && b.User == "" {
		errs = append(errs, errors.New("limits.processes is given without user: it counts all processes of a user, so give the program one of its own"))
	}
	if b.OwnDir && dir != "" {
		errs = append(errs, fmt.Errorf("dir %q and own_dir are both given: leave one out", dir))
	}
	if b.OwnDir && !filepath.IsAbs(file) && strings.ContainsRune(file, filepath.Separator) {
		errs = append(errs, fmt.Errorf("command %q is relative, and own_dir is an empty directory: give the whole path", file))
	}
	for _, path := range slices.Concat(b.Allow.Read, b.Allow.Write) {
		if !filepath.IsAbs(path) {
			errs = append(errs, fmt.Errorf("allow: path %q: give an absolute one", path))
		}
	}
	return errors.Join(errs...)
}

func (b Bounds) checkUser() error {
	name, group, given := strings.Cut(b.User, ":")
	if b.User != "" && name == "" || given && group == "" || strings.Contains(group, ":") {
		return fmt.Errorf("user %q: give name or name:group", b.User)
	}
	return nil
}

func (l Limits) check() error {
	var errs []error
	if l.CPU < 0 || l.CPU%time.Second != 0 {
		errs = append(errs, fmt.Errorf("limits.cpu is %s: use whole seconds, such as 30s", l.CPU))
	}
	for _, limit := range l.all() {
		if limit.value < 0 {
			errs = append(errs, fmt.Errorf("limits.%s is %d: use 1 or more, or leave it out", limit.name, limit.value))
		}
	}
	return errors.Join(errs...)
}

// limit is a limit by its name in the configuration.
type limit struct {
	name  string
	value int64 // in the unit of setrlimit(2)
}

func (l Limits) all() []limit {
	return []limit{
		{"cpu", int64(l.CPU / time.Second)}, {"processes", l.Processes}, {"files", l.Files},
		{"file_size", l.FileSize}, {"address_space", l.AddressSpace},
	}
}
