package keeper

import (
	"errors"
	"strconv"
)

// Marker is the first argument of a keeper, by which the binary knows what it is.
const Marker = "switchyard: keeper"

// entryMarker is the first argument of an entry.
const entryMarker = "switchyard: entry"

// What a keeper finds open beside its program's standard files.
const (
	ReportFile = 3 // the keeper writes what becomes of the program
	LeashFile  = 4 // the worker asks, and is alive as long as it is not at its end
	RulesFile  = 5 // a Landlock ruleset, if the order has one
)

// Ask is what a worker writes on the leash to have the program asked to stop (SIGTERM).
const Ask = 'a'

// The lines of a report, in this order; there is one of the first two. Failed has the number of
// the error and what failed after it, Ended the program's wait status.
const (
	Started = "started"
	Failed  = "failed"
	Ended   = "ended"
)

// Order is what the entry is to do before it becomes the program. It travels as arguments.
type Order struct {
	Dir    string // where the program runs; "": where the keeper does
	Switch bool   // to the user, the group and the supplementary groups
	User   int
	Group  int
	Groups []int
	Limits []Limit
	Rules  bool // RulesFile is a ruleset to keep to, with these flags
	Flags  uint64
}

// Limit is a resource of setrlimit(2), and its soft and hard limit.
type Limit struct {
	Resource   int
	Soft, Hard uint64
}

// Arguments returns the arguments of a keeper that runs command, which is found at path.
func (o Order) Arguments(path string, command []string) []string {
	args := []string{Marker, o.Dir, strconv.FormatBool(o.Switch), strconv.Itoa(o.User), strconv.Itoa(o.Group), strconv.FormatBool(o.Rules), strconv.FormatUint(o.Flags, 10)}
	args = append(args, strconv.Itoa(len(o.Groups)))
	for _, g := range o.Groups {
		args = append(args, strconv.Itoa(g))
	}
	args = append(args, strconv.Itoa(len(o.Limits)))
	for _, l := range o.Limits {
		args = append(args, strconv.Itoa(l.Resource), strconv.FormatUint(l.Soft, 10), strconv.FormatUint(l.Hard, 10))
	}
	return append(append(args, path), command...)
}

var errOrder = errors.New("the order of a program cannot be read: only package program starts a keeper")

// readOrder is the reverse of Arguments, without the marker.
func readOrder(args []string) (o Order, path string, command []string, err error) {
	r := reader{args: args}
	o.Dir = r.text()
	o.Switch, o.User, o.Group = r.text() == "true", r.number(), r.number()
	o.Rules, o.Flags = r.text() == "true", r.large()
	for range r.number() {
		o.Groups = append(o.Groups, r.number())
	}
	for range r.number() {
		o.Limits = append(o.Limits, Limit{r.number(), r.large(), r.large()})
	}
	path = r.text()
	if r.failed || len(r.args) == 0 {
		return o, path, nil, errOrder
	}
	return o, path, r.args, nil
}

// reader reads arguments one after the other.
type reader struct {
	args   []string
	failed bool
}

func (r *reader) text() string {
	if len(r.args) == 0 {
		r.failed = true
		return ""
	}
	first := r.args[0]
	r.args = r.args[1:]
	return first
}

func (r *reader) large() uint64 {
	n, err := strconv.ParseUint(r.text(), 10, 64)
	r.failed = r.failed || err != nil
	if r.failed {
		return 0
	}
	return n
}

func (r *reader) number() int { return int(r.large()) } //nolint:gosec // written from an int
