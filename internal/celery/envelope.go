package celery

import (
	"encoding/json"

	"switchyard/internal/celery/wire"
)

// envelope is what a task carries to its end: what its result and what follows it need.
type envelope struct {
	Task     string     `json:"task"`
	Queue    string     `json:"queue"` // of Celery
	Priority int        `json:"priority,omitempty"`
	Steps    wire.Steps `json:"steps"`
	Ignore   bool       `json:"ignore,omitempty"` // its client asked for no result
	// ArgsRepr and KwargsRepr are shown in events.
	ArgsRepr   string `json:"argsrepr,omitempty"`
	KwargsRepr string `json:"kwargsrepr,omitempty"`
	// Args and Kwargs are shown to who asks what runs, and told with an extended result.
	Args   []json.RawMessage `json:"args,omitempty"`
	Kwargs json.RawMessage   `json:"kwargs,omitempty"`
}

// envelope returns what the task of a message is to carry.
func (o Options) envelope(m wire.Message) envelope {
	e := envelope{
		Task: m.Task, Queue: m.RoutingKey, Priority: m.Priority, Steps: m.Steps(), Ignore: m.IgnoreResult,
		ArgsRepr: m.ArgsRepr, KwargsRepr: m.KwargsRepr,
	}
	if o.ResultExtended || size(m) <= mostArguments {
		e.Args, e.Kwargs = m.Args, m.Kwargs
	}
	return e
}

// mostArguments bounds the arguments that a task carries only to have them shown, in bytes.
const mostArguments = 1024

// size returns how many bytes the arguments of a message have.
func size(m wire.Message) int {
	n := len(m.Kwargs)
	for _, arg := range m.Args {
		n += len(arg)
	}
	return n
}
