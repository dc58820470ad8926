package command

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"switchyard/internal/layout"
)

// release is the release that this is, and commit that of its source, stamped by the linker: see
// the Makefile.
var release, commit string

// Version says what this binary was built from.
type Version struct {
	// Release is a tag, or a tag and what has come since; "devel" if nobody has stamped it.
	Release string `json:"release"`
	// Commit is that of the source, and Changed whether the source was another by then. Time is
	// the commit's. A build without its repository knows none of them.
	Commit  string `json:"commit,omitempty"`
	Changed bool   `json:"changed,omitempty"`
	Time    string `json:"time,omitempty"`
	// Layout is the latest layout of what is stored in Redis that it knows.
	Layout   int    `json:"layout"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// ThisVersion returns the version of this binary.
func ThisVersion() Version {
	v := Version{Release: cmp.Or(release, "devel"), Layout: layout.Known, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if commit != "" || !ok {
		v.Commit = commit
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Changed = s.Value == "true"
		}
	}
	return v
}

// String says it in a line.
func (v Version) String() string {
	parts := []string{v.Release}
	if v.Commit != "" {
		source := "commit " + v.Commit[:min(12, len(v.Commit))]
		if v.Changed {
			source += " with changes"
		}
		parts = append(parts, source)
	}
	return strings.Join(append(parts, "layout "+strconv.Itoa(v.Layout), v.Go, v.Platform), ", ")
}

type versionCommand struct{}

// Run implements the command.
func (versionCommand) Run(p *Program, out *Output) error {
	v := ThisVersion()
	return out.Say(v, "%s %s", p.Name, v)
}

// versionFlag is --version, which wins over whatever else is given.
type versionFlag bool

// BeforeReset implements kong's hook.
func (versionFlag) BeforeReset(p *Program) error {
	return stop{func() error {
		_, err := fmt.Fprintf(p.out, "%s %s\n", p.Name, ThisVersion())
		return err
	}}
}
