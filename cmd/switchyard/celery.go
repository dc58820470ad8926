package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"switchyard/internal/app"
	"switchyard/internal/celery/survey"
	"switchyard/internal/command"
	"switchyard/internal/config"
	"switchyard/internal/redact"
)

type celeryCommand struct {
	Check celeryCheck `cmd:"" help:"Look at the broker: which tasks are there, what becomes of each, and what is wrong. Takes and changes nothing. Exit status 1 if tasks are lost or left lying."`
}

type celeryCheck struct{}

// Run implements the command.
func (cmd celeryCheck) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		report, err := s.LookAtCelery(ctx)
		if err != nil {
			return err
		}
		if out.JSON {
			err = out.Encode(report)
		} else {
			err = printCelery(report, s.Config, out)
		}
		if n := len(report.Wrong); err == nil && n > 0 {
			err = fmt.Errorf("tasks are lost or left lying: %d of what was found says why", n)
		}
		return err
	})
}

// printCelery prints what was found. The names are whatever somebody wrote into a Redis: a terminal is
// not to obey them.
func printCelery(r survey.Report, c config.Config, out *command.Output) error {
	_, _ = fmt.Fprintf(out, "Broker: %s. Results: %s.\n", redact.URL(c.CeleryBroker().URL), redact.URL(c.CeleryBackend().URL)) // the flush brings what fails
	printWorkers(r, c.Celery, out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Found) > 0 {
		_, _ = fmt.Fprintln(w, "QUEUE\tTASK\tSEEN\tBECOMES")
	}
	for _, f := range r.Found {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", printable(f.Queue), printable(f.Task), f.Seen, printable(f.Fate))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, list := range r.Lists {
		if int64(list.Seen) < list.Size {
			_, _ = fmt.Fprintf(out, "Of %d messages in %s %d were looked at.\n", list.Size, printable(list.Key), list.Seen)
		}
	}
	for _, line := range r.Remarks {
		_, _ = fmt.Fprintln(out, "Remark:", printable(line))
	}
	for _, line := range r.Wrong {
		_, _ = fmt.Fprintln(out, "Wrong:", printable(line))
	}
	if len(r.Wrong) > 0 {
		return nil
	}
	_, err := fmt.Fprintln(out, "Nothing is wrong.")
	return err
}

// printWorkers says who takes from which queue.
func printWorkers(r survey.Report, c config.Celery, out *command.Output) {
	for _, w := range r.Workers {
		_, _ = fmt.Fprintf(out, "%s takes from %s.\n", printable(w.Name), printable(strings.Join(w.Queues, ", ")))
	}
	switch {
	case len(c.Queues) == 0:
		_, _ = fmt.Fprintln(out, "Switchyard takes from no queue of Celery: celery.queues is empty.")
	case r.OnDuty != "":
		_, _ = fmt.Fprintf(out, "%s takes from %s.\n", printable(r.OnDuty), strings.Join(c.Queues, ", "))
	}
}
