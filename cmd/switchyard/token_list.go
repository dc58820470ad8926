package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/tokens"
)

type tokenList struct {
	Children bool `help:"Child tokens, too."`
}

// Run implements the command.
func (cmd tokenList) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		list, err := s.Tokens.List(ctx)
		if err != nil {
			return err
		}
		if !cmd.Children {
			list = slices.DeleteFunc(list, func(t tokens.Token) bool { return t.Parent != "" })
		}
		if out.JSON {
			return out.Encode(append([]tokens.Token{}, list...))
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "ID\tNAME\tSTATE\tUSER\tEXPIRES\tUSES\tLAST USE\tPARENT\tSCOPES") // the flush brings what fails
		for _, t := range list {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", t.ID, printable(t.Name), t.State, dash(printable(t.User)), orNever(t.Expires), t.Uses, orNever(t.LastUse), dash(t.Parent), dash(scopesOf(t)))
		}
		return w.Flush()
	})
}

// orNever shows a time to people.
func orNever(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Format(time.RFC3339)
}

func scopesOf(t tokens.Token) string {
	texts := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		texts[i] = s.String()
	}
	return strings.Join(texts, " ")
}
