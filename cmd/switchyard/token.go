package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"switchyard/internal/app"
	"switchyard/internal/command"
	"switchyard/internal/tokens"
)

type tokenCommand struct {
	Make   tokenMake   `cmd:"" help:"Make a token and print it, once."`
	List   tokenList   `cmd:"" help:"List the tokens, the newest first."`
	Show   tokenShow   `cmd:"" help:"Show all that is known of a token, except for its secret."`
	Revoke tokenRevoke `cmd:"" help:"End a token at once, with its child tokens."`
}

type tokenMake struct {
	Name    string        `arg:"" help:"What it is for, to tell it from others."`
	Scope   []string      `required:"" help:"What it permits, such as tasks:send:agent_*; repeatable. An unknown one is answered with those there are." placeholder:"SCOPE" sep:"none"`
	User    string        `help:"The only user it may be used for. Everyone if not given." placeholder:"ID"`
	Expires time.Duration `help:"After how long it ends, such as 90d. 0: never." default:"0s"`
}

// madeToken is a token with its text, which is shown this once.
type madeToken struct {
	Text string `json:"token"`
	tokens.Token
}

// Run implements the command. The token is all that it prints, so that a script can take it.
func (cmd tokenMake) Run(l *local, out *command.Output) error {
	n := tokens.New{Name: cmd.Name, User: cmd.User, Expires: cmd.Expires}
	for _, text := range cmd.Scope {
		scope, err := tokens.ParseScope(text)
		if err != nil {
			return command.With(command.Wrong, err)
		}
		n.Scopes = append(n.Scopes, scope)
	}
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		text, token, err := s.MakeToken(ctx, n, me())
		if text == "" {
			return err
		}
		err = errors.Join(out.Secret().Say(madeToken{text, token}, "%s", text), err)
		_, _ = fmt.Fprintf(os.Stderr, "This token is not shown again: keep it now. switchyard token revoke %s ends it.\n", token.ID)
		return err
	})
}

type tokenShow struct {
	ID string `arg:"" help:"Its ID, which is what its text has between the two _."`
}

// Run implements the command.
func (cmd tokenShow) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		token, found, err := s.Tokens.Get(ctx, cmd.ID)
		if err != nil {
			return err
		}
		if !found {
			return noToken(cmd.ID)
		}
		return out.Encode(token)
	})
}

// noToken shows no more of what was given than an ID has: it may be the whole token.
func noToken(id string) error {
	return command.With(command.NotFound, fmt.Errorf("no token has the ID %.12q: switchyard token list shows those there are", id))
}

type tokenRevoke struct {
	ID string `arg:"" help:"Its ID."`
}

// Run implements the command.
func (cmd tokenRevoke) Run(l *local, out *command.Output) error {
	return withSystem(l.Flags, func(ctx context.Context, s *app.System) error {
		changed, err := s.RevokeToken(ctx, cmd.ID, me())
		if err != nil {
			return err
		}
		already := ""
		if !changed {
			_, found, err := s.Tokens.Get(ctx, cmd.ID)
			if err != nil {
				return err
			}
			if !found {
				return noToken(cmd.ID)
			}
			already = " already"
		}
		return out.Say(map[string]any{"id": cmd.ID, "state": tokens.Revoked, "changed": changed}, "token %s is revoked%s", cmd.ID, already)
	})
}
