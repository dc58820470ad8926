package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"switchyard/internal/journal"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
)

const (
	clock    = "15:04:05.000"
	lineWide = 40 // characters of a time line
)

// timeline draws the steps of a run.
type timeline struct {
	task    tasks.Status
	run     journal.Run
	history *journal.History
}

// draw writes the run, its attempts and its steps, with a bar for the time of each.
func (l timeline) draw(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "run %s of %s: %s, %s\n", l.run.Task, l.run.User, l.task.Kind, l.task.State)
	if l.task.LastError != "" && l.history.Ended.IsZero() {
		fmt.Fprintf(&b, "last error: %s\n", printable(l.task.LastError))
	}
	if len(l.history.Steps) == 0 {
		b.WriteString("no steps\n")
		_, err := io.WriteString(out, b.String())
		return err
	}
	for _, a := range l.history.Attempts {
		fmt.Fprintf(&b, "attempt %d: %s on %s\n", a.Number, a.At.Format(time.DateOnly+" "+clock), a.Worker)
	}
	if !l.history.Ended.IsZero() {
		fmt.Fprintf(&b, "ended: %s, after %s\n", l.history.Ended.Format(time.DateOnly+" "+clock), l.history.Ended.Sub(l.history.Attempts[0].At).Round(time.Millisecond))
	}
	b.WriteByte('\n')
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	first, last := l.span()
	_, _ = fmt.Fprintf(table, "STEP\tSTATE\tATTEMPT\tBEGAN\tTOOK\tTOKENS\tCOST\t%s%*s\n", first.Format(clock), lineWide-len(clock), last.Format(clock))
	for _, s := range l.history.Steps {
		tokens, cost := paid(s)
		_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", printable(s.Name), state(s), s.Attempt, s.Began.Format(clock), took(s), tokens, cost, bar(s, first, last))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s, waits := l.history.Undecided(); waits && s.Input != nil {
		fmt.Fprintf(&b, "\n%s would be done with:\n%s\n", printable(s.Name), printable(string(s.Input)))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// printable shows the characters of a text that a terminal would obey, or turn around, by
// their numbers: somebody is to see what a model wants done, and not what it would like them
// to see.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsGraphic(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// span returns when the first step began, and when the last was heard of.
func (l timeline) span() (first, last time.Time) {
	first, last = l.history.Steps[0].Began, l.history.Ended
	for _, s := range l.history.Steps {
		if s.Began.Before(first) {
			first = s.Began
		}
		for _, at := range []time.Time{s.Began, s.Ended} {
			if at.After(last) {
				last = at
			}
		}
	}
	return first, last
}

// state says how far a step is, and what to know about it.
func state(s journal.Step) string {
	name := string(s.State)
	switch {
	case s.InDoubt():
		name = "in doubt"
	case s.State == journal.Asked:
		name = "waits for approval"
	}
	if s.Effect {
		name += ", effect"
	}
	if s.Begins > 1 {
		name += fmt.Sprintf(", begun %d times", s.Begins)
	}
	return name
}

// paid returns what a step took in tokens, in and out, and in money, if it was a model's.
func paid(s journal.Step) (tokens, cost string) {
	answered, ok := agents.AskingOf(s)
	if !ok {
		return "", ""
	}
	if answered.Answer.Cost > 0 {
		cost = fmt.Sprintf("%.4f", answered.Answer.Cost)
	}
	return fmt.Sprintf("%d+%d", answered.Answer.Usage.Input, answered.Answer.Usage.Output), cost
}

func took(s journal.Step) string {
	if s.Ended.IsZero() {
		return "-"
	}
	d := s.Ended.Sub(s.Began)
	if d < time.Second {
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	return d.Round(time.Millisecond).String()
}

// bar draws when a step was under way; one whose end is not known ends in dots.
func bar(s journal.Step, first, last time.Time) string {
	span := max(last.Sub(first), time.Millisecond)
	place := func(at time.Time) int { return int(int64(lineWide-1) * int64(at.Sub(first)) / int64(span)) }
	from, fill := place(s.Began), "█"
	until := place(cmp.Or(s.Ended, last))
	if s.Ended.IsZero() {
		fill = "░"
	}
	return strings.Repeat(" ", from) + strings.Repeat(fill, until-from+1)
}
