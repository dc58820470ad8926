package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/term"

	"switchyard/internal/command"
	"switchyard/internal/queue"
	"switchyard/internal/redact"
	"switchyard/internal/tasks"
)

// taskFilter says which tasks are meant.
type taskFilter struct {
	Queue string        `help:"Those of this queue."`
	State []tasks.State `enum:"waiting,scheduled,held,running,retrying,parked,succeeded,failed,cancelled,expired,broken" help:"Those in these states: ${enum}."`
	Kind  string        `help:"Those of this kind, or of all kinds of a beginning, such as agent_*."`
	User  string        `help:"Those that act for this user."`
	Tag   string        `help:"Those with this tag."`
	Error string        `help:"Those whose last error has this text in it, in whatever case. Without --state, those that wait, are held or have succeeded are left out." placeholder:"TEXT"`
	Since time.Duration `help:"Those that came to their state in the last so much time, such as 2h. When that was is not known of those that are scheduled, held or running."`
}

func (f taskFilter) filter() tasks.Filter {
	filter := tasks.Filter{Queue: f.Queue, States: f.State, Kind: f.Kind, User: f.User, Tag: f.Tag, Error: f.Error}
	if f.Since > 0 {
		filter.Since = time.Now().Add(-f.Since)
	}
	return filter
}

func (f taskFilter) empty() bool {
	return f.Queue == "" && len(f.State) == 0 && f.Kind == "" && f.User == "" && f.Tag == "" && f.Error == "" && f.Since == 0
}

// taskChoice is the tasks that a command is to change.
type taskChoice struct {
	Tasks []string `arg:"" optional:"" name:"task" help:"Their IDs, or queue/ID."`
	taskFilter
	DryRun bool `help:"Only say how many there are."`
	Yes    bool `short:"y" help:"Do not ask."`
}

// deed is what a command does to tasks.
type deed func(ctx context.Context, d door, names []tasks.Name) ([]tasks.Handled, error)

// do does a deed to the chosen tasks, says what became of each, and fails if one did not go well.
func (c taskChoice) do(with *connection, out *command.Output, verb string, do deed) error {
	return with.with(func(ctx context.Context, d door) error {
		names, err := c.choose(ctx, d, out, verb)
		if err != nil {
			return err
		}
		var all []tasks.Handled
		if len(names) > 0 && !c.DryRun {
			all, err = do(ctx, d, names)
		}
		if printed := c.report(out, names, all); printed != nil {
			return errors.Join(err, printed)
		}
		failed := len(slices.DeleteFunc(all, func(h tasks.Handled) bool { return h.Err == nil }))
		if err == nil && failed > 0 {
			err = command.With(command.Refused, fmt.Errorf("%d of %d tasks are left as they were", failed, len(names)))
		}
		return err
	})
}

// handled is what became of a task, for programs.
type handled struct {
	Task string         `json:"task"`
	Was  tasks.State    `json:"was,omitempty"`
	Now  tasks.State    `json:"now,omitempty"`
	New  *tasks.Receipt `json:"new,omitempty"`
	Err  string         `json:"error,omitempty"`
}

// report says what became of the tasks.
func (c taskChoice) report(out *command.Output, names []tasks.Name, all []tasks.Handled) error {
	if !out.JSON {
		for _, h := range all {
			if _, err := fmt.Fprintln(out, became(h)); err != nil {
				return err
			}
		}
		return nil
	}
	list := make([]handled, len(all))
	for i, h := range all {
		list[i] = handled{Task: h.String(), Was: h.Was, Now: h.Now, New: h.Again}
		if h.Err != nil {
			list[i].Err = h.Err.Error()
		}
	}
	return out.Encode(map[string]any{"chosen": len(names), "dry_run": c.DryRun, "tasks": list})
}

// became says what became of a task.
func became(h tasks.Handled) string {
	switch {
	case h.Err != nil:
		return h.Err.Error()
	case h.Again != nil && h.Again.Duplicate:
		return fmt.Sprintf("task %s: one like it is there already: %s", h.Name, h.Again.ID)
	case h.Again != nil:
		return fmt.Sprintf("task %s is done again as %s/%s", h.Name, h.Again.Queue, h.Again.ID)
	case h.Now == "":
		return fmt.Sprintf("task %s was %s, and is deleted", h.Name, h.Was)
	case h.Now == h.Was && !h.Now.Ended(): // a worker ends it
		return fmt.Sprintf("task %s is %s, and is about to be cancelled", h.Name, h.Was)
	}
	return fmt.Sprintf("task %s was %s, and is %s", h.Name, h.Was, h.Now)
}

// choose returns the tasks that are meant. It says how many match a filter, and asks before
// more than one of them is changed.
func (c taskChoice) choose(ctx context.Context, d door, out *command.Output, verb string) ([]tasks.Name, error) {
	switch {
	case len(c.Tasks) > 0 && !c.empty():
		return nil, command.With(command.Wrong, errors.New("give tasks or a filter such as --state, and not both"))
	case len(c.Tasks) > 0:
		return findAll(ctx, d, c.Tasks)
	case c.empty():
		return nil, command.With(command.Wrong, errors.New("no task is meant: give IDs, or a filter such as --state=failed"))
	}
	names, more, err := d.Match(ctx, c.filter())
	if err != nil {
		return nil, err
	}
	said := io.Writer(out)
	if out.JSON {
		said = redact.Process.Writer(os.Stderr)
	}
	if more {
		_, err = fmt.Fprintf(said, "more than %d tasks match: the first %[1]d are meant\n", queue.MaxMatches)
	} else {
		_, err = fmt.Fprintf(said, "%d %s\n", len(names), cmp.Or(map[int]string{1: "task matches"}[len(names)], "tasks match"))
	}
	if err == nil && len(names) > 1 && !c.DryRun && !c.Yes {
		err = confirm(said, fmt.Sprintf("%s %d tasks?", verb, len(names)))
	}
	return names, err
}

// findAll returns the tasks of that name. All must be there, or none is touched.
func findAll(ctx context.Context, d door, given []string) ([]tasks.Name, error) {
	names := make([]tasks.Name, len(given))
	for i, name := range given {
		found, err := d.Find(ctx, name)
		if err != nil {
			return nil, err
		}
		names[i] = tasks.Name{Queue: found.Queue, ID: found.ID}
	}
	return names, nil
}

// confirm asks a person whether to go on. Where there is none it fails.
func confirm(out io.Writer, question string) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return command.With(command.Wrong, errors.New("nobody is there to be asked: add --yes, or --dry-run to only count"))
	}
	if _, err := fmt.Fprintf(out, "%s [y/N] ", question); err != nil {
		return err
	}
	var answer string
	if _, err := fmt.Fscanln(os.Stdin, &answer); err != nil || answer != "y" && answer != "Y" && answer != "yes" {
		return command.With(command.Refused, errors.New("nothing was changed"))
	}
	return nil
}
