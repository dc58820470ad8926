package scraping

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/internal/documents"
	"switchyard/internal/pages"
	"switchyard/internal/schedule"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a web server that sends what its paths hold.
type site map[string]answer

type answer struct {
	contentType string
	body        string
}

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := s[r.URL.RequestURI()]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	_, _ = fmt.Fprint(w, a.body)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func fetcher(t *testing.T) Fetcher {
	t.Helper()
	f := web.NewFetcher(web.Options{AllowPrivate: true})
	t.Cleanup(f.Close)
	return hasty{f}
}

// hasty is a fetcher that waits for nobody.
type hasty struct{ *web.Fetcher }

func (h hasty) Fetch(ctx context.Context, _ string, r web.Request) (*web.Page, error) {
	return h.Fetcher.Fetch(ctx, r)
}

// tray is an enqueuer that keeps what it is given until it is emptied.
type tray struct {
	args  []PageArgs
	parts []tasks.Args // of other kinds
	ids   map[string]bool
	err   error
}

func (q *tray) Enqueue(_ context.Context, args tasks.Args, opts tasks.Options) (tasks.Receipt, error) {
	if q.err != nil {
		return tasks.Receipt{}, q.err
	}
	if _, err := tasks.Encode(args); err != nil {
		return tasks.Receipt{}, err
	}
	if q.ids[opts.ID] {
		return tasks.Receipt{ID: opts.ID, Duplicate: true}, nil
	}
	if q.ids == nil {
		q.ids = make(map[string]bool)
	}
	q.ids[opts.ID] = true
	if page, ok := args.(PageArgs); ok {
		q.args = append(q.args, page)
	} else {
		q.parts = append(q.parts, args)
	}
	return tasks.Receipt{ID: opts.ID}, nil
}

// paths returns the paths of what was enqueued on the server at base.
func (q *tray) paths(base string) []string {
	var paths []string
	for _, a := range q.args {
		paths = append(paths, a.URL[len(base):])
	}
	return paths
}

// shelf keeps documents in memory.
type shelf struct {
	documents []documents.Document
	gone      bool // what is kept is not there any more
}

func (s *shelf) Put(_ context.Context, d documents.Document) (documents.State, error) {
	s.documents = append(s.documents, d)
	return documents.Stored, nil
}

func (s *shelf) Keep(context.Context, string) (bool, error) { return !s.gone, nil }

// handlers returns handlers whose pages and sources are in a Redis of their own.
func handlers(t *testing.T, queue *tray, shelf *shelf) Handlers {
	t.Helper()
	return handlersOn(t, redistest.Client(t, redistest.Mini(t).Addr()), queue, shelf, time.Now)
}

func handlersOn(t *testing.T, client redis.UniversalClient, queue *tray, documents Documents, now func() time.Time) Handlers {
	t.Helper()
	known := pages.New(client, "p:", 0, now)
	return Handlers{
		Fetcher: fetcher(t), Documents: documents, Pages: known, Enqueuer: queue, Now: now,
		Sources: sources.New(client, "p:", schedule.NewStore(client, "p:"), known),
	}
}

// perform runs a task of kind on h.
func perform(t *testing.T, h Handlers, args tasks.Args) (any, error) {
	t.Helper()
	payload, err := tasks.Encode(args)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := tasks.NewCatalog(0, Kinds()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Check(args.Kind(), payload); err != nil {
		t.Fatal(err)
	}
	return h.ByKind()[args.Kind()](t.Context(), &tasks.Task{ID: "t1", Kind: args.Kind(), Payload: payload, Attempt: 1})
}
