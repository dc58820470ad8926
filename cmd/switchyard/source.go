package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"switchyard/internal/command"
	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/scraping"
)

type sourceCommand struct {
	Add    sourceAdd    `cmd:"" help:"Have a feed, a sitemap or a site read on a schedule."`
	List   sourceList   `cmd:"" help:"List the sources and what they brought."`
	Show   sourceShow   `cmd:"" help:"Show what a source brought, its errors and its next visit."`
	Remove sourceRemove `cmd:"" help:"Visit a source no more. What it brought stays."`
}

type sourceAdd struct {
	Name    string        `arg:"" help:"A name for it, such as the-register."`
	URL     string        `arg:"" help:"A feed or a page; with --kind a sitemap, or a site whose links are followed."`
	Kind    string        `help:"What is there: ${enum}." enum:"feed,sitemap,site" default:"feed"`
	Every   time.Duration `help:"How often it is visited." default:"1h"`
	Limit   int           `help:"How many of its newest pages are looked at, of a site how many new ones are sent (50)."`
	Depth   int           `help:"Of a site: how many links are followed one after the other, 1 to 3 (1)."`
	Replace bool          `help:"Change the source of that name if there is one."`
}

// Run implements the command.
func (cmd sourceAdd) Run(c *connection, out *command.Output) error {
	payload, kind, err := cmd.visit()
	if err != nil {
		return err
	}
	e := schedule.Entry{
		ID: sources.EntryID(cmd.Name), Spec: "@every " + cmd.Every.String(), Kind: kind, Payload: payload,
		Overlap: schedule.Skip, Origin: schedule.OriginAPI,
	}
	return c.with(func(ctx context.Context, d door) error {
		if err := d.CheckEntry(ctx, e); err != nil {
			return err
		}
		changed, err := d.PutEntry(ctx, e, cmd.Replace)
		if errors.Is(err, schedule.ErrExists) {
			return fmt.Errorf("source %s: %w (--replace changes it)", cmd.Name, err)
		}
		if err != nil {
			return err
		}
		return out.Say(map[string]any{"source": cmd.Name, "entry": e.ID, "changed": changed},
			"Source %s is visited every %s. Visit it now with: switchyard schedule run %s", cmd.Name, cmd.Every, e.ID)
	})
}

// visit returns the payload and the kind of the task that visits the source.
func (cmd sourceAdd) visit() (payload []byte, kind string, err error) {
	var args tasks.Args
	switch cmd.Kind {
	case "site":
		args = scraping.SiteArgs{URL: cmd.URL, Source: cmd.Name, Limit: cmd.Limit, Depth: cmd.Depth}
	case "sitemap":
		args = scraping.SitemapArgs{URL: cmd.URL, Source: cmd.Name, Limit: cmd.Limit}
	default:
		args = scraping.FeedArgs{URL: cmd.URL, Source: cmd.Name, Limit: cmd.Limit}
	}
	if cmd.Depth != 0 && cmd.Kind != "site" {
		return nil, "", command.With(command.Wrong, fmt.Errorf("--depth is for --kind site: a %s has no links that are followed", cmd.Kind))
	}
	payload, err = json.Marshal(args)
	return payload, args.Kind(), err
}

type sourceList struct{}

// Run implements the command.
func (sourceList) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		all, err := d.Sources(ctx)
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b sources.Source) int { return cmp.Compare(a.Name, b.Name) })
		if out.JSON {
			return out.Encode(append([]sources.Source{}, all...))
		}
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "SOURCE\tLAST VISIT\tNEXT\tFOUND\tNEW\tREAD\tIN TROUBLE\tERROR\tURL")
		for _, s := range all {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", s.Name, moment(s.Last.At), moment(s.Next),
				s.Last.Found, s.Last.New, s.Read, len(s.Troubles), shortened(s.Last.Error), s.URL)
		}
		return table.Flush()
	})
}

// shortened returns an error as a table shows it.
func shortened(text string) string {
	const most = 60
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

type sourceShow struct {
	Name string `arg:"" help:"Name of the source."`
}

// Run implements the command.
func (cmd sourceShow) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		s, err := d.Source(ctx, cmd.Name)
		if errors.Is(err, sources.ErrNotFound) {
			return command.With(command.NotFound, err)
		}
		if err != nil {
			return err
		}
		if out.JSON {
			return out.Encode(s)
		}
		return showSource(out, s)
	})
}

// showSource writes everything that is known of a source.
func showSource(out io.Writer, s sources.Source) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("Source", s.Name)
	line("Title", s.LastGood.Title)
	line("URL", s.URL)
	line("Kind", s.Kind)
	line("Read", s.LastGood.Feed)
	if s.Last.Moved != "" {
		line("Moved", "for good, to "+s.Last.Moved+": "+remedyOf(s))
	}
	line("Visited", s.Spec)
	line("State", string(s.State))
	line("Next visit", moment(s.Next))
	line("Last visit", moment(s.Last.At))
	line("Found", fmt.Sprintf("%d pages, %d of them new", s.LastGood.Found, s.LastGood.New))
	line("Error", s.Last.Error)
	if s.Failures > 0 {
		line("Failures", fmt.Sprintf("%d, last read %s", s.Failures, moment(s.LastGood.At)))
	}
	line("Pages read", fmt.Sprint(s.Read))
	line("Given up", fmt.Sprint(s.Gone))
	line("In trouble", fmt.Sprint(len(s.Troubles)))
	if err := w.Flush(); err != nil || len(s.InTrouble) == 0 {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "\nPAGE\tSTATE\tNEXT TRY\tVISITS\tERROR")
	for _, p := range s.InTrouble {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", p.URL, p.State, moment(p.Next), p.Visits, shortened(p.Error))
	}
	return table.Flush()
}

// remedyOf says how the address of a source is changed.
func remedyOf(s sources.Source) string {
	if s.Origin == schedule.OriginConfig {
		return "change sources." + s.Name + ".url in the configuration"
	}
	return "change it with switchyard source add --replace"
}

type sourceRemove struct {
	Name string `arg:"" help:"Name of the source."`
}

// Run implements the command.
func (cmd sourceRemove) Run(c *connection, out *command.Output) error {
	return c.with(func(ctx context.Context, d door) error {
		if err := d.RemoveEntry(ctx, sources.EntryID(cmd.Name)); err != nil {
			return err
		}
		return out.Say(map[string]any{"source": cmd.Name, "changed": true}, "Source %s is visited no more. What it brought stays.", cmd.Name)
	})
}
