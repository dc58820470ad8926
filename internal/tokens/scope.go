package tokens

import (
	"fmt"
	"slices"
	"strings"

	"switchyard/internal/tasks"
)

// Action is something that a scope permits.
type Action string

// The actions. Those of tasks may be permitted for some kinds alone.
const (
	TasksSend     Action = "tasks:send"
	TasksRead     Action = "tasks:read"
	TasksCancel   Action = "tasks:cancel" // cancel, run, replay, change and delete
	TasksNotify   Action = "tasks:notify" // have the end of a task posted to an address
	ScheduleRead  Action = "schedule:read"
	ScheduleWrite Action = "schedule:write"
	BrakeRead     Action = "brake:read"
	BrakeWrite    Action = "brake:write"
	QueuesRead    Action = "queues:read"
	QueuesWrite   Action = "queues:write"
	RunsRead      Action = "runs:read"
	RunsDecide    Action = "runs:decide"
	UsersRead     Action = "users:read"
	UsersWrite    Action = "users:write"
	UsageRead     Action = "usage:read"
	AuditRead     Action = "audit:read"
	BriefingsRead Action = "briefings:read"
	// BriefingsWrite permits to decide about deliveries.
	BriefingsWrite Action = "briefings:write"
	KindsRead      Action = "kinds:read" // every token may
	TokensRead     Action = "tokens:read"
	// TokensWrite permits to revoke tokens, and to make them without a token of one's own.
	TokensWrite Action = "tokens:write"
	TokensMake  Action = "tokens:make" // child tokens
	Admin       Action = "admin"       // everything
)

// Actions are all actions.
var Actions = []Action{TasksSend, TasksRead, TasksCancel, TasksNotify, ScheduleRead, ScheduleWrite, BrakeRead, BrakeWrite,
	QueuesRead, QueuesWrite, RunsRead, RunsDecide, UsersRead, UsersWrite, UsageRead, AuditRead, BriefingsRead, BriefingsWrite, KindsRead, TokensRead, TokensWrite, TokensMake, Admin}

// ofKinds are the actions that a scope may permit for some kinds alone.
var ofKinds = []Action{TasksSend, TasksRead, TasksCancel}

// Scope permits an action. The zero value permits nothing.
type Scope struct {
	Action Action
	// Pattern says for which kinds, as in a rule of the routing: a kind, or a prefix and *.
	// "" stands for all.
	Pattern string
}

// ParseScope reads a scope such as tasks:send:agent_*. The error is a [*FieldError].
func ParseScope(text string) (Scope, error) {
	parts := strings.SplitN(text, ":", 3)
	s := Scope{Action: Action(strings.Join(parts[:min(len(parts), 2)], ":"))}
	if !slices.Contains(Actions, s.Action) {
		return Scope{}, &FieldError{"scopes", fmt.Sprintf("scope %.60q is unknown: use one of %s", text, join(Actions))}
	}
	if len(parts) < 3 || parts[2] == "*" {
		return s, nil
	}
	if !slices.Contains(ofKinds, s.Action) {
		return Scope{}, &FieldError{"scopes", fmt.Sprintf("scope %.60q: %s is not for some kinds alone, only %s are: use %[2]s", text, s.Action, join(ofKinds))}
	}
	if err := tasks.CheckPattern(parts[2]); err != nil {
		return Scope{}, &FieldError{"scopes", fmt.Sprintf("scope %.60q: %v", text, err)}
	}
	s.Pattern = parts[2]
	return s, nil
}

func join(actions []Action) string {
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = string(a)
	}
	return strings.Join(names, ", ")
}

// String returns the scope as [ParseScope] reads it.
func (s Scope) String() string {
	if s.Pattern == "" {
		return string(s.Action)
	}
	return string(s.Action) + ":" + s.Pattern
}

// MarshalText implements [encoding.TextMarshaler].
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Scope) UnmarshalText(text []byte) error {
	var err error
	*s, err = ParseScope(string(text))
	return err
}

// Allows reports whether the scope permits an action on a kind, or on all kinds of a pattern. The
// kind "" stands for all, and for an action that has nothing to do with kinds.
func (s Scope) Allows(action Action, kind string) bool {
	switch {
	case s.Action == Admin:
		return true
	case s.Action != action || action == "":
		return false
	}
	return s.Pattern == "" || tasks.Covers(s.Pattern, kind)
}
