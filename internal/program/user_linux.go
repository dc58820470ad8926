package program

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// account is whom a program runs as.
type account struct {
	user, group int
	groups      []int // supplementary
}

// findAccount finds the account of name[:group]. Either may be a number, also one that the
// system does not list.
func findAccount(text string) (account, error) {
	name, group, withGroup := strings.Cut(text, ":")
	var a account
	found, err := user.Lookup(name)
	if err != nil {
		found, err = user.LookupId(name)
	}
	switch number, notNumber := parseID(name); {
	case err == nil:
		if a.user, err = parseID(found.Uid); err != nil {
			return a, fmt.Errorf("user %q has the number %q: %w", text, found.Uid, err)
		}
	case notNumber != nil:
		return a, fmt.Errorf("user %q: this system has no user %q: create it, or name another", text, name)
	case !withGroup:
		return a, fmt.Errorf("user %q: this system does not list %s: say its group, too, as %s:GROUP", text, name, name)
	default:
		a.user = number
	}
	if withGroup {
		a.group, err = findGroup(group)
		if err != nil {
			err = fmt.Errorf("user %q: %w", text, err)
		}
		return a, err
	}
	if a.group, err = parseID(found.Gid); err != nil {
		return a, fmt.Errorf("user %q has the group %q: %w", text, found.Gid, err)
	}
	listed, err := found.GroupIds()
	if err != nil {
		return a, fmt.Errorf("groups of user %q: %w", text, err)
	}
	for _, text := range listed {
		if id, err := parseID(text); err == nil {
			a.groups = append(a.groups, id)
		}
	}
	return a, nil
}

func findGroup(name string) (int, error) {
	if found, err := user.LookupGroup(name); err == nil {
		return parseID(found.Gid)
	}
	if id, err := parseID(name); err == nil {
		return id, nil
	}
	return 0, fmt.Errorf("this system has no group %q: create it, or name another", name)
}

var errID = errors.New("not the number of a user or a group")

// parseID reads the number of a user or a group. The largest one means none to the kernel.
func parseID(text string) (int, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	if err != nil || id == 1<<32-1 {
		return 0, errID
	}
	return int(id), nil
}

// own reports whether this process runs as the account already.
func (a account) own() bool { return a.user == os.Geteuid() && a.group == os.Getegid() }
