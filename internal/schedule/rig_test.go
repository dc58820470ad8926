package schedule

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/calendar"
	"switchyard/internal/tasks"
)

func mustTime(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func mustSpec(t testing.TB, spec, zone string) calendar.Spec {
	t.Helper()
	location, err := calendar.LoadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := calendar.Parse(calendar.NewBudget(t.Context()), spec, calendar.Options{Zone: location})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// nextTick returns a spec's first tick after a moment, the zero time if there is none.
func nextTick(t testing.TB, spec calendar.Spec, after time.Time) time.Time {
	t.Helper()
	next, err := spec.Next(calendar.NewBudget(t.Context()), after)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func mustPlan(t testing.TB, e Entry, spec calendar.Spec, b Books, now time.Time) ([]time.Time, time.Time) {
	t.Helper()
	ticks, next, err := Plan(calendar.NewBudget(t.Context()), e, spec, b, now)
	if err != nil {
		t.Fatal(err)
	}
	return ticks, next
}

const prefix = "switchyard:"

// patience bounds how long a test waits for what must happen. Only a broken test waits
// that long.
const patience = time.Minute

var moment = regexp.MustCompile(`it is [0-9T:Z-]+ now`)

// said returns a text in which NOW stands for the moment at which it was said.
func said(text string) string { return moment.ReplaceAllString(text, "it is NOW now") }

// fakeQueue takes each ID and each tick once, as the real one does.
type fakeQueue struct {
	mu         sync.Mutex
	added      map[string]tasks.Tick
	latest     map[string]time.Time
	states     map[string]tasks.State // of tasks, "" if not given
	duplicates int
	changed    chan struct{} // closed and replaced at each tick

	// before runs ahead of each tick, which fails with its error.
	before func(ctx context.Context, id string) error
}

func newFakeQueue() *fakeQueue {
	return &fakeQueue{added: map[string]tasks.Tick{}, latest: map[string]time.Time{}, states: map[string]tasks.State{}, changed: make(chan struct{})}
}

func (q *fakeQueue) EnqueueTicks(ctx context.Context, ticks []tasks.Tick, _ time.Time) []tasks.Added {
	results := make([]tasks.Added, len(ticks))
	for i, tick := range ticks {
		results[i] = q.enqueue(ctx, tick)
	}
	return results
}

func (q *fakeQueue) enqueue(ctx context.Context, tick tasks.Tick) tasks.Added {
	if q.before != nil {
		if err := q.before(ctx, tick.ID); err != nil {
			return tasks.Added{Err: err}
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	defer func() { close(q.changed); q.changed = make(chan struct{}) }()
	there := !q.latest[tick.Entry].Before(tick.At)
	if there {
		q.duplicates++
	} else {
		q.added[tick.ID], q.latest[tick.Entry] = tick, tick.At
	}
	return tasks.Added{Receipt: tasks.Receipt{ID: tick.ID, Kind: tick.Kind, Queue: "default", Duplicate: there}}
}

func (q *fakeQueue) SweepTicks(context.Context, func(context.Context, []tasks.Tick) ([]tasks.Tick, error)) (int, error) {
	return 0, nil
}

func (q *fakeQueue) States(_ context.Context, receipts []tasks.Receipt) ([]tasks.State, error) {
	states := make([]tasks.State, len(receipts))
	for i, r := range receipts {
		states[i] = q.states[r.ID]
	}
	return states, nil
}

// await returns once done, which sees the queue locked, is true.
func (q *fakeQueue) await(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		q.mu.Lock()
		ok, changed := done(), q.changed
		q.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatal("the queue never got what was awaited")
		}
	}
}

// awaitTick returns once an entry's tick was enqueued.
func (q *fakeQueue) awaitTick(t *testing.T, entry string, tick time.Time) {
	t.Helper()
	q.await(t, func() bool { _, ok := q.added[tickID(entry, tick)]; return ok })
}

// has reports whether a task was added.
func (q *fakeQueue) has(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, ok := q.added[id]
	return ok
}

// count returns how many tasks were added.
func (q *fakeQueue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.added)
}

// start runs an engine until the test ends or stop is called, which waits for it.
func start(t *testing.T, store *Store, queue Queue, o Options) (stop func()) {
	t.Helper()
	if o.MaxWait == 0 {
		o.MaxWait = 20 * time.Millisecond
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { NewEngine(store, queue, o).Run(ctx) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

func put(t *testing.T, store *Store, e Entry) {
	t.Helper()
	if _, err := store.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, store *Store, id string) Record {
	t.Helper()
	r, err := store.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// overdue adds an entry whose earliest tick was age ago, and returns that tick.
func overdue(t *testing.T, store *Store, e Entry, age time.Duration) time.Time {
	t.Helper()
	put(t, store, e)
	_, now, err := store.readOne(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	return setNext(t, store, e.ID, now.Add(-age))
}

// setNext makes the first tick after a moment an entry's next, and returns it.
func setNext(t *testing.T, store *Store, id string, after time.Time) time.Time {
	t.Helper()
	r := get(t, store, id)
	next, err := r.Entry.tickAfter(calendar.NewBudget(t.Context()), after)
	if err != nil {
		t.Fatal(err)
	}
	r.Books.Next = next
	rewriteBooks(t, store, id, r.Books)
	return r.Books.Next
}

func rewriteBooks(t *testing.T, store *Store, id string, b Books) {
	t.Helper()
	old, _, err := store.readOne(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := old.record()
	if err != nil {
		t.Fatal(err)
	}
	made, err := store.write(t.Context(), shardOf(id), old.rewrite(b, Record{r.Entry, b}.Due()))
	if err != nil || !made[0] {
		t.Fatalf("write books: %v, %v", made, err)
	}
}

// dueCount returns how many entries wait for a tick.
func dueCount(t *testing.T, client redis.UniversalClient, store *Store) (n int) {
	t.Helper()
	for shard := range shards {
		n += int(client.ZCard(t.Context(), store.dueKey(shard)).Val())
	}
	return n
}
