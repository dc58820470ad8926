package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// New is a task that is to be sent.
type New struct {
	Kind    string          `json:"kind" minLength:"1" maxLength:"100" doc:"What is to be done, such as scrape_page. GET /v1/kinds lists the kinds."`
	Payload json.RawMessage `json:"payload,omitempty" doc:"A JSON object that the kind takes. An empty one if left out."`
	ID      string          `json:"id,omitempty" maxLength:"300" doc:"A name of your own. A task of that ID that is still kept is not added again."`
	Queue   string          `json:"queue,omitempty" doc:"Instead of the queue to which the kind is routed."`
	At      time.Time       `json:"at,omitzero" doc:"Not before this moment."`
	In      Duration        `json:"in,omitempty" doc:"Not before so long from now."`
	Expires time.Time       `json:"expires,omitzero" doc:"It must be done by then, or it expires."`
	// ExpiresIn needs no clock of the caller's, and is the same when the request is repeated.
	ExpiresIn Duration `json:"expires_in,omitempty" doc:"It must be done within so long from now, or it expires."`
	Unique    Duration `json:"unique,omitempty" doc:"For so long no other task of this kind and payload is added."`
	Notify    []Hook   `json:"notify,omitempty" maxItems:"5" doc:"Who is told of the task's end, by a signed webhook."`
	// Retention is how long the result is kept.
	Retention Duration          `json:"retention,omitempty" doc:"How long the task and its result are kept after it has succeeded."`
	Tags      []string          `json:"tags,omitempty" maxItems:"10" doc:"What the task is found by, such as order:4711. Without spaces and commas."`
	Meta      map[string]string `json:"meta,omitempty" doc:"What you want to note with the task: up to 20 short texts."`
}

// options returns what departs from the kind's policy.
func (n New) options(now time.Time) (tasks.Options, error) {
	o := tasks.Options{ID: n.ID, Queue: n.Queue, Unique: time.Duration(n.Unique), Retention: time.Duration(n.Retention), Tags: n.Tags, Meta: n.Meta}
	for _, h := range n.Notify {
		o.Notify = append(o.Notify, tasks.Hook{URL: h.URL, On: h.On})
	}
	var err error
	if o.At, err = moment("at", n.At, "in", unlessZero(n.In), now); err == nil {
		o.Deadline, err = moment("expires", n.Expires, "expires_in", unlessZero(n.ExpiresIn), now)
	}
	return o, err
}

func unlessZero(d Duration) *Duration {
	if d == 0 {
		return nil
	}
	return &d
}

// moment returns a moment that is given as such, or as how long it is from now on; zero if as
// neither.
func moment(name string, at time.Time, inName string, in *Duration, now time.Time) (time.Time, error) {
	switch {
	case in == nil:
		return at, nil
	case !at.IsZero():
		return at, invalid("/"+inName, fmt.Errorf("%s and %s are both given: leave one out", name, inName))
	}
	return now.Add(time.Duration(*in)), nil
}

func (n New) task() tasks.Raw { return tasks.Raw{Name: n.Kind, Payload: n.Payload} }

type sendInput struct {
	Keyed
	Prefer string `header:"Prefer" doc:"wait=10 has the answer wait up to 10 seconds, at most 60, for the end of the task."`
	Body   New
}

// taskOutput is an answer about one task.
type taskOutput struct {
	Status     int
	Location   string `header:"Location"`
	Replayed   string `header:"Idempotency-Replayed"`
	Applied    string `header:"Preference-Applied"`
	RetryAfter string `header:"Retry-After"`
	ETag       string `header:"ETag"`
	Body       Task
}

func (s *server) registerSend(api huma.API) {
	register(api, huma.Operation{
		OperationID: "send", Method: http.MethodPost, Path: "/v1/tasks", Summary: "Send a task", Tags: []string{"tasks"}, DefaultStatus: http.StatusCreated,
		MaxBodyBytes: int64(s.MaxPayload + beside), Metadata: map[string]any{also: []int{http.StatusOK, http.StatusAccepted}},
	}, s.send)
	register(api, huma.Operation{
		OperationID: "send-many", Method: http.MethodPost, Path: "/v1/tasks/batch", Summary: "Send up to 1000 tasks", Tags: []string{"tasks"},
		MaxBodyBytes: manyBytes,
	}, s.sendMany)
}

func (s *server) send(ctx context.Context, in *sendInput) (*taskOutput, error) {
	wait, err := waitOf(in.Prefer)
	if err != nil {
		return nil, err
	}
	if err := s.maySend(ctx, in.Body, ""); err != nil {
		return nil, err
	}
	out, err := s.onceTask(ctx, in.Key, in.Body, func(ctx context.Context) (*taskOutput, error) { return s.add(ctx, in.Body) })
	if err != nil || wait == 0 {
		return out, err
	}
	return s.awaited(ctx, out, wait)
}

// maySend reports what is wrong with a task that is to be sent, or who may not send it. at is the
// place of the task in the body.
func (s *server) maySend(ctx context.Context, n New, at string) error {
	caller := CallerOf(ctx)
	if err := caller.need(tokens.TasksSend, n.Kind); err != nil {
		return err
	}
	if _, err := s.Catalog.Lookup(n.Kind); err != nil {
		p := problem("unknown-kind", err.Error())
		p.Known, p.Errors = s.Catalog.Names(), []Fault{{Pointer: at + "/kind", Detail: err.Error(), Value: n.Kind}}
		return p
	}
	if err := s.checkPayload(n, at+"/payload"); err != nil {
		return err
	}
	if err := s.checkHooks(ctx, n, at+"/notify"); err != nil {
		return err
	}
	if user := tasks.UserOf(n.Payload); caller.User != "" && user != caller.User {
		return invalid(at+"/payload", tasks.Field("user", "field \"user\" is %.100q: this token works for %s alone", user, caller.User))
	}
	return nil
}

// checkPayload reports where a payload is not as its kind takes it: by the schema, which knows
// every place, then by the kind itself.
func (s *server) checkPayload(n New, at string) error {
	payload, err := tasks.Encode(n.task())
	if err != nil {
		return invalid(at, err)
	}
	if err := s.checkSchema(n.Kind, payload, at); err != nil {
		return err
	}
	if _, err := s.Catalog.Check(n.Kind, payload); err != nil {
		return invalid(at, err)
	}
	return nil
}

// add sends a task.
func (s *server) add(ctx context.Context, n New) (*taskOutput, error) {
	options, err := n.options(time.Now())
	if err != nil {
		return nil, err
	}
	settle(ctx, &options, "")
	receipt, err := s.Queue.Enqueue(ctx, n.task(), options)
	if err != nil {
		return nil, err
	}
	if receipt.Duplicate {
		return s.known(ctx, n, receipt)
	}
	return &taskOutput{Status: http.StatusCreated, Location: address(receipt.Queue, receipt.ID, ""), Body: s.sent(n, receipt, options)}, nil
}

// sent returns a task that has just been added.
func (s *server) sent(n New, r tasks.Receipt, o tasks.Options) Task {
	status := tasks.Status{ID: r.ID, Kind: r.Kind, Queue: r.Queue, State: tasks.StateWaiting, Deadline: o.Deadline, Tags: n.Tags, Meta: n.Meta, Payload: orEmpty(n.Payload)}
	if route, err := s.Routing.Route(n.Kind); err == nil {
		status.Retries = route.Policy.Retries
	}
	if o.At.After(time.Now()) {
		status.State, status.NextRun = tasks.StateScheduled, o.At
	}
	return TaskOf(status)
}

// known answers for a task that was there before.
func (s *server) known(ctx context.Context, n New, r tasks.Receipt) (*taskOutput, error) {
	status, found, err := s.Queue.Status(ctx, r.Queue, r.ID)
	if err != nil {
		return nil, err
	}
	switch {
	case !found: // it has ended just now
		status = tasks.Status{ID: r.ID, Kind: r.Kind, Queue: r.Queue, State: tasks.StateSucceeded, Payload: n.Payload}
	case !CallerOf(ctx).sees(tokens.TasksSend, status), status.Kind != n.Kind, !sameJSON(status.Payload, n.Payload):
		p := problem("id-taken", fmt.Sprintf("another task in %s has the ID %.100q: choose another one", r.Queue, r.ID))
		p.Task = address(r.Queue, r.ID, "")
		return nil, p
	}
	return &taskOutput{Status: http.StatusOK, Location: address(r.Queue, r.ID, ""), Replayed: "true", Body: TaskOf(status)}, nil
}
