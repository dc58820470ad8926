package monitor

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/redis/go-redis/v9"

	"switchyard/docs"
	"switchyard/internal/queue"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/test/browser"
	"switchyard/test/redistest"
)

// serve runs a monitor with a few rows of everything on a port of its own.
func serve(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	h := newHandler(t, func(o *Options) {
		o.Client = client
		o.Docs = docs.Pages
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheWayFromAsynqmonBackAndToTheDocumentationInABrowser(t *testing.T) {
	base := serve(t, redistest.Client(t, redistest.Mini(t).Addr()))
	ctx, tab := browser.Open(t)
	err := chromedp.Do(ctx,
		chromedp.Navigate(base+"/asynqmon/queues/agents"), chromedp.WaitVisible(chromedp.CSS("#root header")),
		browser.Click(`a[href="/"]`), browser.See("This is the console."),
		chromedp.Navigate(base+"/docs/"), browser.Shot("docs"),
		browser.Click(`a[href="/docs/architecture"]`), chromedp.WaitVisible(chromedp.CSS("article h1")), browser.Shot("doc"),
		browser.Click(`nav a[href="/asynqmon/"]`), chromedp.WaitVisible(chromedp.CSS("#root header")),
	)
	if err != nil {
		t.Fatalf("%v; the browser says %q", err, tab.Complaints())
	}
}

// seed adds what the console is to show: a waiting task and a schedule entry.
func seed(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	table, err := routing.New([]string{routing.Agents}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := tasks.NewCatalog(0, tasks.Kind{Name: "agent_scout", Version: 1, Check: func([]byte) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	producer := queue.NewClient(client, table, catalog, []string{routing.Agents}, telemetry.None())
	if _, err := producer.Enqueue(t.Context(), tasks.Raw{Name: "agent_scout"}, tasks.Options{}); err != nil {
		t.Fatal(err)
	}
	entry := queue.PeriodicEntry{ID: "mia", Spec: "0 8 * * *", Kind: "briefing_generate", Next: time.Now().Add(time.Hour)}
	if err := queue.NewMirror(client).Show(t.Context(), []queue.PeriodicEntry{entry}); err != nil {
		t.Fatal(err)
	}
}

func TestConsoleWorksOfflineInABrowser(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		seed(t, client)
		base := serve(t, client)
		about := "Redis Info"
		if _, ok := client.(*redis.ClusterClient); ok {
			about = "Queue Location in Cluster"
		}
		ctx, tab := browser.Open(t)
		err := chromedp.Do(ctx,
			chromedp.Navigate(base+"/asynqmon/"), browser.See("agents"), browser.Shot("asynqmon"),
			chromedp.Navigate(base+"/asynqmon/queues/agents"), browser.See("No active tasks at this time"), browser.Shot("queue"),
			chromedp.Navigate(base+"/asynqmon/queues/agents?status=pending"), browser.See("agent_scout"), browser.Shot("pending"),
			chromedp.Navigate(base+"/asynqmon/schedulers"), browser.See("briefing_generate"), browser.Shot("schedulers"),
			chromedp.Navigate(base+"/asynqmon/redis"), browser.See(about), browser.Shot("redis"),
		)
		if err != nil {
			t.Fatalf("%v; the browser says %q", err, tab.Complaints())
		}
		for _, c := range tab.Complaints() {
			// Refusing the web fonts is what makes the console work offline.
			if !strings.Contains(c, "'https://fonts.googleapis.com/") {
				t.Errorf("the browser says %q", c)
			}
		}
	})
}
