package briefings

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/corpus"
	"switchyard/internal/documents"
	"switchyard/internal/tasks"
	"switchyard/internal/users"
)

// keep is how long the tests' briefings are kept, and how many.
var keep = Keep{For: 180 * 24 * time.Hour, PerUser: 3}

var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// rig is a set of handlers on a real store, with everything around them in memory.
type rig struct {
	*Handlers
	t         *testing.T
	documents []documents.Document // newest first
	users     map[string]users.User
	enqueued  []enqueued
	statuses  map[string]tasks.Status // by task ID
	delivered []Briefing
	failing   error      // of the channel in_app
	waiting   []enqueued // deliveries
}

type enqueued struct {
	args tasks.Args
	opts tasks.Options
}

func newRig(t *testing.T, client redis.UniversalClient) *rig {
	r := &rig{t: t, statuses: map[string]tasks.Status{}, users: map[string]users.User{
		"ada": {ID: "ada", Topics: []string{"queues"}, Languages: []string{"en"}, Zone: "Europe/Berlin", Time: "08:00", Channels: []string{"in_app"}},
	}}
	r.Handlers = &Handlers{
		Options:   Options{Agent: "scout", Items: 2, Patience: time.Minute, FirstSpan: 24 * time.Hour},
		Documents: r, Corpus: corpus.New(), Users: userMap(r.users), Results: r, Enqueuer: r, Store: NewStore(client, "p:", keep),
		Channels: map[string]Channel{"in_app": r},
		Now:      func() time.Time { return noon },
	}
	return r
}

// Recent implements [Documents].
func (r *rig) Recent(_ context.Context, since time.Time, limit int) ([]documents.Document, error) {
	var out []documents.Document
	for _, d := range r.documents {
		if !d.Stored.Before(since) && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

// Get implements [Documents].
func (r *rig) Get(_ context.Context, id string) (documents.Document, bool, error) {
	for _, d := range r.documents {
		if d.ID == id {
			return d, true, nil
		}
	}
	return documents.Document{}, false, nil
}

type userMap map[string]users.User

// Get implements [Users].
func (m userMap) Get(_ context.Context, id string) (users.User, bool, error) {
	u, ok := m[id]
	return u, ok, nil
}

// StatusByKind implements [Results].
func (r *rig) StatusByKind(_ context.Context, kind, id string) (tasks.Status, bool, error) {
	if kind != "agent_scout" && kind != "agent_editor" {
		return tasks.Status{}, false, errors.New("asked for kind " + kind)
	}
	s, ok := r.statuses[id]
	return s, ok, nil
}

// Enqueue implements [tasks.Enqueuer].
func (r *rig) Enqueue(_ context.Context, args tasks.Args, opts tasks.Options) (tasks.Receipt, error) {
	if _, err := tasks.Encode(args); err != nil {
		return tasks.Receipt{}, tasks.Permanent(err)
	}
	if _, ok := args.(DeliverArgs); ok {
		r.waiting = append(r.waiting, enqueued{args, opts})
	} else {
		r.enqueued = append(r.enqueued, enqueued{args, opts})
	}
	return tasks.Receipt{ID: opts.ID, Kind: args.Kind(), Queue: "q"}, nil
}

// Repeats implements [Channel].
func (r *rig) Repeats() bool { return true }

// Deliver implements [Channel].
func (r *rig) Deliver(_ context.Context, d Delivery) error {
	if r.failing == nil {
		r.delivered = append(r.delivered, d.Briefing)
	}
	return r.failing
}

// perform runs a task through its handler, as a worker does.
func (r *rig) perform(id string, args tasks.Args) error {
	r.t.Helper()
	payload, err := json.Marshal(args)
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = r.ByKind()[args.Kind()](r.t.Context(), &tasks.Task{ID: id, Kind: args.Kind(), Payload: payload})
	errs := []error{err}
	waiting := r.waiting
	r.waiting = nil
	for _, next := range waiting {
		errs = append(errs, r.perform(next.opts.ID, next.args))
	}
	return errors.Join(errs...)
}

func (r *rig) store(id, title, text string, stored time.Time) {
	r.documents = append([]documents.Document{{ID: id, Title: title, URL: "https://example.org/" + id, Text: text, Language: "en", Stored: stored}}, r.documents...)
}
