package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// UserName names a user in an address, see [Named].
type UserName struct {
	User string `path:"user" maxLength:"200"`
}

type putBrakeInput struct {
	UserName
	Body struct {
		On bool `json:"on" doc:"true stops the user's agents at once; false lets them go on."`
	}
}

// Brake is the brake of a user, and what came of changing it.
type Brake struct {
	User    string        `json:"user"`
	State   control.State `json:"state" doc:"What the user's agents do, all brakes that stop them considered."`
	Changed *bool         `json:"changed,omitempty" doc:"Whether the brake was changed by this request."`
	Running []string      `json:"running" doc:"The tasks that run, as queue/ID."`
	// Runs are the same with the workers that perform them.
	Runs   map[string]string `json:"runs,omitempty" doc:"The tasks that run, as queue/ID, with the worker of each."`
	Parked int64             `json:"parked" doc:"How many tasks wait for the brake to be off."`
	// Waits are the runs that wait for a person.
	Waits map[string]string `json:"waits,omitempty" doc:"The tasks that wait for a person to decide, as queue/ID, and about which step."`
	Why   string            `json:"why,omitempty" doc:"What stops the user, since when, and what lets them go on."`
	// Stops say the same to programs.
	Stops []control.Stop `json:"stops,omitempty" doc:"The brakes that stop the user: whose, since when, and who has put them on."`
	Seq   int64          `json:"seq" doc:"The number of the user's latest event."`
	// Stopped are what a pause has found running.
	Stopped     []string `json:"stopped,omitempty" doc:"The tasks that this request has stopped."`
	Unconfirmed []string `json:"unconfirmed,omitempty" doc:"Those of them that did not stop in time."`
	Resumed     []string `json:"resumed,omitempty" doc:"The tasks that this request has made go on."`
}

func (s *server) registerBrake(api huma.API) {
	operation := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"brake"}, Errors: []int{http.StatusNotFound}}
	}
	register(api, operation("get-brake", http.MethodGet, "/v1/users/{user}/brake", "Look at what a user's agents do"), s.getBrake)
	register(api, operation("put-brake", http.MethodPut, "/v1/users/{user}/brake", "Stop a user's agents at once, or let them go on. The user * is everyone"), s.putBrake)
	register(api, operation("list-brakes", http.MethodGet, "/v1/brakes", "List users who are paused, or for whom something waits"), s.listBrakes)
}

// braked reports why a caller may not ask about the brake of a user.
func (s *server) braked(ctx context.Context, action tokens.Action, user string) error {
	if user != control.Everyone {
		if err := tasks.CheckUser(user); err != nil {
			return invalidParameter("user", err)
		}
	}
	return CallerOf(ctx).needUser(action, user)
}

func (s *server) getBrake(ctx context.Context, in *UserName) (*body[Brake], error) {
	if err := s.braked(ctx, tokens.BrakeRead, in.User); err != nil {
		return nil, err
	}
	b, err := s.brake(ctx, in.User)
	return &body[Brake]{b}, err
}

func (s *server) brake(ctx context.Context, user string) (Brake, error) {
	status, err := s.Brake.Status(ctx, user)
	return brakeOf(status), err
}

func brakeOf(s control.BrakeStatus) Brake {
	b := Brake{User: s.User, State: s.State, Running: []string{}, Runs: s.Runs, Parked: s.Parked, Waits: s.Waits, Stops: s.Stops, Why: s.Words, Seq: s.Seq}
	for task := range s.Runs {
		b.Running = append(b.Running, task)
	}
	return b
}

func (s *server) putBrake(ctx context.Context, in *putBrakeInput) (*body[Brake], error) {
	if err := s.braked(ctx, tokens.BrakeWrite, in.User); err != nil {
		return nil, err
	}
	by := CallerOf(ctx).actor()
	if in.Body.On {
		receipt, err := s.Brake.Pause(ctx, in.User, by)
		if err != nil {
			return nil, err
		}
		b, err := s.brake(ctx, in.User)
		b.Changed, b.Stopped, b.Unconfirmed, b.Parked = &receipt.Changed, receipt.Found, receipt.Unconfirmed, receipt.Parked
		return &body[Brake]{b}, err
	}
	resumed, err := s.Brake.Resume(ctx, in.User, by)
	if err != nil {
		return nil, err
	}
	b, err := s.brake(ctx, in.User)
	b.Changed, b.Resumed = &resumed.Changed, resumed.Tasks
	return &body[Brake]{b}, err
}

// maxBrakes bounds the users that are listed.
const maxBrakes = 1000

// Brakes are the users who are paused, or for whom something waits.
type Brakes struct {
	Everyone Brake   `json:"everyone"`
	Users    []Brake `json:"users"`
	More     int     `json:"more,omitempty" doc:"How many users were not looked at any more."`
}

func (s *server) listBrakes(ctx context.Context, _ *struct{}) (*body[Brakes], error) {
	if err := CallerOf(ctx).needUser(tokens.BrakeRead, control.Everyone); err != nil {
		return nil, err
	}
	all, err := s.Brake.Overview(ctx, maxBrakes)
	if err != nil {
		return nil, err
	}
	out := &body[Brakes]{Brakes{Everyone: brakeOf(all.Everyone), Users: []Brake{}, More: all.More}}
	for _, status := range all.Users {
		out.Body.Users = append(out.Body.Users, brakeOf(status))
	}
	return out, nil
}
