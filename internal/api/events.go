package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/events"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

const (
	// retryEvery is how soon a stream asks again for which Redis had no answer.
	retryEvery = time.Second
	// aliveEvery is how often a reader is told that the stream still lives.
	aliveEvery = 15 * time.Second
	// readWithin is how long a reader may take for one event. One that reads nothing is left.
	readWithin = 10 * time.Second
)

type followInput struct {
	Named
	Last string `header:"Last-Event-ID" doc:"The ID of the event that was read last. What is the same since is not told again."`
}

type userEventsInput struct {
	User string `path:"user" maxLength:"200"`
	Last string `header:"Last-Event-ID" doc:"The number of the event that was read last: 0 for all that are kept. Without it only new ones are told."`
}

func (s *server) registerEvents(api huma.API) {
	stream := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"events"}, Errors: []int{http.StatusNotFound},
			Responses: map[string]*huma.Response{"200": {
				Description: "Server-sent events, with a comment every 15 seconds.",
				Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
			}},
		}
	}
	register(api, stream("follow-task", "/v1/tasks/{id}/events", "Follow a task to its end"), s.follow)
	register(api, huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: "/v1/users/{user}/history", Summary: "Get what happened to a user's agents lately, the latest first",
		Tags: []string{"events"}, Errors: []int{http.StatusNotFound},
	}, s.history)
	register(api, stream("follow-user", "/v1/users/{user}/events", "Follow what happens to a user's agents"), s.followUser)
}

// stream writes server-sent events to one reader.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// errGone ends a stream whose reader is gone.
var errGone = errors.New("the reader is gone")

// tell writes an event, or a comment if it has no name.
func (s stream) tell(name, id string, data any) error {
	var text bytes.Buffer
	if name == "" {
		text.WriteString(": keep-alive\n\n")
	} else {
		body, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("encode an event: %w", err)
		}
		fmt.Fprintf(&text, "id: %s\nevent: %s\ndata: %s\n\n", id, name, body)
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(readWithin)) // a server without deadlines has none to keep
	if _, err := s.w.Write(text.Bytes()); err != nil {
		return errGone
	}
	if s.control.Flush() != nil {
		return errGone
	}
	return nil
}

// streaming answers with a stream that write fills.
func streaming(write func(ctx context.Context, s stream)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", "text/event-stream")
		ctx.SetHeader("Cache-Control", "no-store")
		ctx.SetHeader("X-Accel-Buffering", "no")
		w, ok := ctx.BodyWriter().(http.ResponseWriter)
		if !ok {
			return
		}
		s := stream{w, http.NewResponseController(w)}
		if s.control.Flush() == nil {
			write(ctx.Context(), s)
		}
	}}
}

func (s *server) follow(ctx context.Context, in *followInput) (*huma.StreamResponse, error) {
	status, err := s.find(ctx, tokens.TasksRead, in.Named)
	if err != nil {
		return nil, err
	}
	return streaming(func(ctx context.Context, to stream) { s.followTask(ctx, to, status, in.Last) }), nil
}

// followTask tells each state of a task, and its end. States that pass between two looks are not
// told; the last one always is.
func (s *server) followTask(ctx context.Context, to stream, before tasks.Status, last string) {
	said := time.Now()
	tell := func(status tasks.Status, found bool) (enough bool) {
		if !found {
			status, status.State, status.NextRun = before, tasks.StateSucceeded, time.Time{}
		}
		before = status
		task := TaskOf(status)
		var err error
		switch id := hexSum([]byte(etagOf(task))); {
		case id != last && task.Ended:
			err = to.tell("ended", id, task)
		case id != last:
			last, said, err = id, time.Now(), to.tell("state", id, task)
		case time.Since(said) > aliveEvery:
			said, err = time.Now(), to.tell("", "", nil)
		}
		return err != nil || task.Ended
	}
	for {
		err := s.Waiter.Follow(ctx, tasks.Name{Queue: before.Queue, ID: before.ID}, tell)
		if err == nil || tasks.Sleep(ctx, retryEvery) != nil {
			return
		}
	}
}

func (s *server) followUser(ctx context.Context, in *userEventsInput) (*huma.StreamResponse, error) {
	if err := tasks.CheckUser(in.User); err != nil {
		return nil, invalidParameter("user", err)
	}
	if err := CallerOf(ctx).needUser(tokens.BrakeRead, in.User); err != nil {
		return nil, err
	}
	after, err := s.eventAfter(ctx, in)
	if err != nil {
		return nil, err
	}
	return streaming(func(ctx context.Context, to stream) { s.tellUser(ctx, to, in.User, after) }), nil
}

// eventAfter returns the number after which events are to be told.
func (s *server) eventAfter(ctx context.Context, in *userEventsInput) (int64, error) {
	if in.Last == "" {
		return s.Events.Latest(ctx, in.User)
	}
	after, err := strconv.ParseInt(in.Last, 10, 64)
	if err != nil || after < 0 {
		return 0, invalidParameter("Last-Event-ID", fmt.Errorf("last-event-id is %.40q: give the number of an event, or 0 for all", in.Last))
	}
	return after, nil
}

// tellUser tells a user's events until the reader is gone.
func (s *server) tellUser(ctx context.Context, to stream, user string, after int64) {
	ctx, cancel := context.WithCancel(ctx)
	told := make(chan events.Event)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Events.Follow(ctx, user, after, func(e events.Event) error {
			select {
			case told <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	defer func() { cancel(); <-done }()
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		var err error
		select {
		case e := <-told:
			err = to.tell(typeOf(e), strconv.FormatInt(e.Seq, 10), json.RawMessage(e.JSON))
		case <-alive.C:
			err = to.tell("", "", nil)
		case <-done:
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// typeOf returns the type of an event.
func typeOf(e events.Event) string {
	var head struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal([]byte(e.JSON), &head) // what is not read has no type
	return cmp.Or(head.Type, "event")
}
