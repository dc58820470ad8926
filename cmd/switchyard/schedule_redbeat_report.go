package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"switchyard/internal/redbeat"
)

// redBeatReport says what becomes of RedBeat's entries.
type redBeatReport struct {
	moves  []redbeat.Move
	mapped map[string]string // --map
	kinds  string            // lines that the configuration lacks, "" for none
}

func (r redBeatReport) count(verdict redbeat.Verdict) (n int) {
	for _, m := range r.moves {
		if m.Verdict == verdict {
			n++
		}
	}
	return n
}

// print lists the entries with their verdicts, and the names that are others here. The names
// are whatever somebody wrote into a Redis: a terminal is not to obey them.
func (r redBeatReport) print(out io.Writer) error {
	var b strings.Builder
	for _, m := range r.moves {
		lines := m.Changes
		if m.Moves() {
			lines = append([]string{described(m)}, lines...)
		} else {
			lines = strings.Split(m.Why.Error(), "\n")
		}
		fmt.Fprintf(&b, "%s %s: %s\n", redbeat.Quote(m.From), m.Verdict, printable(lines[0]))
		for _, line := range lines[1:] {
			fmt.Fprintf(&b, "  %s\n", printable(line))
		}
	}
	r.printTasks(&b)
	r.printIDs(&b)
	if r.kinds != "" {
		fmt.Fprintf(&b, "Where Celery's workers go on performing what is no kind here, add this to the configuration and run this again:\n\n%s\n", printableLines(r.kinds))
	}
	fmt.Fprintf(&b, "Of %d entries %d move as they are, %d with a change, %d cannot move, and %d are left out.\n",
		len(r.moves), r.count(redbeat.AsItIs), r.count(redbeat.WithChange), r.count(redbeat.Cannot), r.count(redbeat.LeftOut))
	_, err := io.WriteString(out, b.String())
	return err
}

// moved is what becomes of an entry, for programs.
type moved struct {
	From    string          `json:"from"`
	Verdict redbeat.Verdict `json:"verdict"`
	Entry   string          `json:"entry,omitempty"` // its ID here, if it moves
	Next    time.Time       `json:"next,omitzero"`
	Changes []string        `json:"changes,omitempty"`
	Why     string          `json:"why,omitempty"` // it does not move
}

// forPrograms returns the report as it is printed for programs. changed is how many entries were
// added or changed.
func (r redBeatReport) forPrograms(changed int) any {
	list := make([]moved, len(r.moves))
	for i, m := range r.moves {
		list[i] = moved{From: m.From, Verdict: m.Verdict, Changes: m.Changes}
		if m.Moves() {
			list[i].Entry, list[i].Next = m.Entry.ID, m.Next
		} else if m.Why != nil {
			list[i].Why = m.Why.Error()
		}
	}
	told := map[string]any{"entries": list, "changed": changed}
	if r.kinds != "" {
		told["configuration"] = r.kinds
	}
	return told
}

// described says what an entry becomes.
func described(m redbeat.Move) string {
	e := m.Entry
	text := e.Spec
	if e.Cron != "" {
		text += " (" + string(e.Cron) + ")"
	}
	text += " in " + e.Zone + ", " + strings.TrimSpace(e.Kind+" "+string(e.Payload))
	if e.Queue != "" {
		text += ", queue " + e.Queue
	}
	if e.Expires > 0 {
		text += ", expires after " + e.Expires.String()
	}
	if !e.Start.IsZero() {
		text += ", from " + moment(e.Start)
	}
	if !e.End.IsZero() {
		text += ", until " + moment(e.End)
	}
	if e.Paused {
		text += ", paused"
	}
	return text + ", due " + moment(m.Next)
}

// printTasks lists which kind each task is, and what of --map no entry has.
func (r redBeatReport) printTasks(b *strings.Builder) {
	kinds := make(map[string]string)
	used := make(map[string]bool)
	for _, m := range r.moves {
		used[m.Task] = true
		if m.Moves() {
			kinds[m.Task] = m.Entry.Kind
		}
	}
	for _, task := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(b, "Task %s is %s.\n", redbeat.Quote(task), kinds[task])
	}
	for _, task := range slices.Sorted(maps.Keys(r.mapped)) {
		if !used[task] {
			fmt.Fprintf(b, "Task %s of --map is that of no entry.\n", redbeat.Quote(task))
		}
	}
}

// printableLines keeps the ends of lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// printIDs lists the entries that have another name here.
func (r redBeatReport) printIDs(b *strings.Builder) {
	for _, m := range r.moves {
		if m.Moves() && m.Entry.ID != m.From {
			fmt.Fprintf(b, "Entry %s is %s.\n", redbeat.Quote(m.From), m.Entry.ID)
		}
	}
}
