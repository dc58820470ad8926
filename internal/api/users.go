package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
	"switchyard/internal/usage"
	"switchyard/internal/users"
)

// Preferences are what a user wants to be briefed about, when and how.
type Preferences struct {
	Topics    []string                 `json:"topics" doc:"What the user wants to read about, in words."`
	Languages []string                 `json:"languages,omitempty" doc:"The languages that the user reads, as codes of two letters, such as en; all if left out."`
	Zone      string                   `json:"zone,omitempty" doc:"An IANA time zone; UTC if left out."`
	Time      string                   `json:"time,omitempty" doc:"The time of day there, HH:MM; 08:00 if left out."`
	Channels  []string                 `json:"channels,omitempty" doc:"How a briefing arrives: in_app, file, email, webhook, chat; in_app if left out."`
	QuietDays []string                 `json:"quiet_days,omitempty" doc:"The weekdays without a briefing, such as sat."`
	Editions  map[string]users.Edition `json:"editions,omitempty" doc:"The user's briefings by their names, such as weekly; one, daily, if left out."`
	Email     string                   `json:"email,omitempty" doc:"Where the channel email goes."`
	Webhook   string                   `json:"webhook,omitempty" doc:"The URL where the channel webhook goes."`
	Chat      string                   `json:"chat,omitempty" doc:"Where the channel chat goes: the name of a chat of the configuration."`
}

// User is a user with their preferences.
type User struct {
	ID string `json:"id"`
	Preferences
}

func userOf(u users.User) User {
	return User{u.ID, Preferences{u.Topics, u.Languages, u.Zone, u.Time, u.Channels, u.QuietDays, u.Editions, u.Email, u.Webhook, u.Chat}}
}

func (s *server) registerUsers(api huma.API) {
	operation := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"users"}, Errors: []int{http.StatusNotFound}}
	}
	register(api, operation("list-users", http.MethodGet, "/v1/users", "List the users who are briefed"), s.listUsers)
	register(api, operation("get-user", http.MethodGet, "/v1/users/{user}", "Get a user's preferences"), s.getUser)
	register(api, operation("put-user", http.MethodPut, "/v1/users/{user}", "Set a user's preferences, and with them when they are briefed"), s.putUser)
	register(api, operation("patch-user", http.MethodPatch, "/v1/users/{user}", "Change some of a user's preferences, or set those of a new one"), s.changeUser)
	remove := operation("delete-user", http.MethodDelete, "/v1/users/{user}", "Forget a user's preferences")
	remove.DefaultStatus = http.StatusNoContent
	register(api, remove, s.removeUser)
	register(api, operation("get-usage", http.MethodGet, "/v1/users/{user}/usage", "Get what a user's agents have spent on models"), s.getUsage)
	register(api, operation("get-usage-limit", http.MethodGet, "/v1/usage/limit", "Get what each user's agents may spend in a day"), s.usageLimit)
	register(api, operation("list-usage", http.MethodGet, "/v1/usage", "Get what everybody's agents have spent on models"), s.listUsage)
}

// about reports why a caller may not ask about a user.
func about(ctx context.Context, action tokens.Action, user string) error {
	if err := tasks.CheckUser(user); err != nil {
		return invalidParameter("user", err)
	}
	return CallerOf(ctx).needUser(action, user)
}

func (s *server) listUsers(ctx context.Context, _ *struct{}) (*body[[]User], error) {
	caller := CallerOf(ctx)
	if err := caller.need(tokens.UsersRead, ""); err != nil {
		return nil, err
	}
	all, err := s.Users.List(ctx)
	out := &body[[]User]{[]User{}}
	for _, u := range all {
		if caller.User == "" || caller.User == u.ID {
			out.Body = append(out.Body, userOf(u))
		}
	}
	return out, err
}

func (s *server) getUser(ctx context.Context, in *UserName) (*body[User], error) {
	if err := about(ctx, tokens.UsersRead, in.User); err != nil {
		return nil, err
	}
	u, found, err := s.Users.Get(ctx, in.User)
	if err == nil && !found {
		err = noSuch("user", in.User)
	}
	return &body[User]{userOf(u)}, err
}

type putUserInput struct {
	UserName
	Body Preferences
}

func (s *server) putUser(ctx context.Context, in *putUserInput) (*body[User], error) {
	if err := about(ctx, tokens.UsersWrite, in.User); err != nil {
		return nil, err
	}
	u, err := s.Users.Change(ctx, in.User, func(u *users.User) {
		*u = User{in.User, in.Body}.Kept()
	})
	return &body[User]{userOf(u)}, err
}

type changeUserInput struct {
	UserName
	Body users.Changes
}

func (s *server) changeUser(ctx context.Context, in *changeUserInput) (*body[User], error) {
	if err := about(ctx, tokens.UsersWrite, in.User); err != nil {
		return nil, err
	}
	u, err := s.Users.Change(ctx, in.User, in.Body.Apply)
	return &body[User]{userOf(u)}, err
}

func (s *server) removeUser(ctx context.Context, in *UserName) (*struct{}, error) {
	if err := about(ctx, tokens.UsersWrite, in.User); err != nil {
		return nil, err
	}
	removed, err := s.Users.Remove(ctx, in.User)
	if err == nil && !removed {
		err = noSuch("user", in.User)
	}
	return nil, err
}

// Since is from when on. It is exported for huma, as [Named] is.
type Since struct {
	Since string `query:"since" doc:"The first day, as 2026-01-31, in UTC. The last 30 days if left out."`
}

// day returns the first day.
func (s Since) day() (time.Time, error) {
	if s.Since == "" {
		return time.Now().AddDate(0, 0, -30), nil
	}
	day, err := time.Parse(time.DateOnly, s.Since)
	if err != nil {
		return day, invalidParameter("since", errors.New("since is no day: write it as 2026-01-31"))
	}
	return day, nil
}

type usageInput struct {
	UserName
	Since
}

// Spent is what an agent of a user has spent in a day.
type Spent struct {
	User   string  `json:"user"`
	Day    string  `json:"day" doc:"Of UTC."`
	Agent  string  `json:"agent"`
	Calls  int64   `json:"calls"`
	Tokens int64   `json:"tokens"`
	Money  float64 `json:"money"`
}

func (s *server) getUsage(ctx context.Context, in *usageInput) (*body[[]Spent], error) {
	if err := about(ctx, tokens.UsageRead, in.User); err != nil {
		return nil, err
	}
	return s.spentSince(ctx, in.User, in.Since)
}

// listUsage is getUsage for everybody whom the caller may ask about.
func (s *server) listUsage(ctx context.Context, in *Since) (*body[[]Spent], error) {
	caller := CallerOf(ctx)
	if err := caller.need(tokens.UsageRead, ""); err != nil {
		return nil, err
	}
	return s.spentSince(ctx, caller.User, *in)
}

func (s *server) spentSince(ctx context.Context, user string, since Since) (*body[[]Spent], error) {
	day, err := since.day()
	if err != nil {
		return nil, err
	}
	lines, err := s.Usage.Lines(ctx, user, day)
	return &body[[]Spent]{spentOf(lines)}, err
}

// Limit is what a user's agents may spend on models in a day of UTC; a part that is left out has no limit.
type Limit struct {
	Tokens int64   `json:"tokens,omitempty"`
	Money  float64 `json:"money,omitempty"`
}

func (s *server) usageLimit(ctx context.Context, _ *struct{}) (*body[Limit], error) {
	return &body[Limit]{Limit(s.Usage.Limit())}, CallerOf(ctx).need(tokens.UsageRead, "")
}

func spentOf(lines []usage.Line) []Spent {
	all := make([]Spent, len(lines))
	for i, l := range lines {
		all[i] = Spent{l.User, l.Day, l.Agent, l.Calls, l.Tokens, l.Money}
	}
	return all
}
