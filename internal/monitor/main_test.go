package monitor

import (
	"context"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakes stand in for the stores behind the pages.
type (
	fakeBriefings struct {
		list        []BriefingSummary
		title, body string
		err         error
	}
)

func (f fakeBriefings) List(_ context.Context, q BriefingQuery) (BriefingPage, error) {
	var page BriefingPage
	for _, b := range f.list {
		if q.User == "" || q.User == b.User {
			page.List = append(page.List, b)
		}
	}
	page.Older = len(page.List) > q.Limit
	page.List = page.List[:min(len(page.List), q.Limit)]
	return page, f.err
}

func (f fakeBriefings) Show(_ context.Context, id string) (BriefingView, bool, error) {
	return BriefingView{BriefingSummary: BriefingSummary{ID: id, User: "mia", Title: f.title}, Body: f.body}, id == "b1", f.err
}

const manual = `# The manual

Published: 2026-11-20

See [Redis](redis.md#keys) and [elsewhere](https://example.com/a.md).

| key | type |
|---|---|
| a | hash |

<script>alert(1)</script>
`

// options are those of a working monitor on client, without users.
func options(client redis.UniversalClient) Options {
	said := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	return Options{
		Client:    client,
		Briefings: fakeBriefings{},
		Console:   said("<!doctype html><title>Console</title><p>This is the console."),
		Audit:     &fakeAudit{},
		Docs:      fstest.MapFS{"manual.md": {Data: []byte(manual)}},
		Health:    said("alive"),
		Ready:     said("ready"),
		Metrics:   said("metrics"),
		Log:       zap.NewNop(),
	}
}

// newHandler makes a monitor, on an empty miniredis unless change says otherwise.
func newHandler(t *testing.T, change func(*Options)) *Handler {
	t.Helper()
	o := options(redistest.Client(t, redistest.Mini(t).Addr()))
	if change != nil {
		change(&o)
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// cheapHash is a bcrypt hash that takes no time to check.
func cheapHash(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}
