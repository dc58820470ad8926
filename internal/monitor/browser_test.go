package monitor

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/redis/go-redis/v9"

	"switchyard/docs"
	"switchyard/internal/queue"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/test/redistest"
)

// browserTimeout ends a test whose browser hangs. Nothing is measured against it.
const browserTimeout = time.Minute

// newBrowser starts a private Chromium and returns its first tab.
func newBrowser(t *testing.T) (context.Context, *complaints) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: apt-get install chromium, or run make test, which does")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1200, 900),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true))
	ctx, stopTimer := context.WithTimeout(context.Background(), browserTimeout)
	ctx, stopAllocator := chromedp.NewExecAllocator(ctx, flags...)
	var tab complaints
	ctx, stopTab := chromedp.NewContext(ctx, chromedp.WithListener(tab.listen))
	t.Cleanup(func() {
		stopTab()
		stopAllocator()
		stopTimer()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return ctx, &tab
}

// complaints are what the pages of a tab logged, threw and loaded from elsewhere.
type complaints struct {
	mu    sync.Mutex
	lines []string
}

func (c *complaints) listen(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		c.lines = append(c.lines, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		c.lines = append(c.lines, e.ExceptionDetails.Text)
	case *network.EventResponseReceived:
		if !strings.HasPrefix(e.Response.URL, "http://127.0.0.1:") && !strings.HasPrefix(e.Response.URL, "data:") {
			c.lines = append(c.lines, "loaded "+e.Response.URL)
		}
	}
}

func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lines)
}

// serve runs a monitor with a few rows of everything on a port of its own.
func serve(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	tick := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	h := newHandler(t, func(o *Options) {
		o.Client = client
		o.Docs = docs.Pages
		o.Queues = fakeQueues{sizes: []QueueSize{{Name: "agents", Waiting: 3, Running: 2}, {Name: "briefings", Scheduled: 12}, {Name: "scraping", Waiting: 40, Running: 16, Retrying: 1, Paused: true}}}
		o.Schedule = fakeSchedule{rows: []ScheduleRow{
			{Entry: "front-pages", Kind: "scrape_feed", Spec: "@every 15m", Zone: "UTC", Next: tick, Last: tick.Add(-15 * time.Minute)},
			{Entry: "briefing:mia", Kind: "briefing_generate", Spec: "0 8 * * 1-5", Zone: "Europe/Berlin", Next: tick, Paused: true},
		}}
		o.Briefings = fakeBriefings{title: "Monday", body: "<h1>Monday</h1><p>News.</p>", list: []BriefingSummary{{ID: "b1", User: "mia", Title: "Monday", Created: tick}}}
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

type step = chromedp.Action[chromedp.Void]

// shot keeps a picture of the page where SCREENSHOTS names a directory.
func shot(name string) step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		dir := os.Getenv("SCREENSHOTS")
		if dir == "" {
			return nil
		}
		png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return err
		}
		return os.WriteFile(dir+"/"+name+".png", png, 0o600)
	})
}

func click(css string) step { return chromedp.Click(chromedp.CSS(css)) }

func see(text string) step {
	return chromedp.WaitVisible(fmt.Sprintf(`//body//*[not(self::script) and contains(., %q)]`, text))
}

func TestFrontPageLinksWorkInABrowser(t *testing.T) {
	base := serve(t, redistest.Client(t, redistest.Mini(t).Addr()))
	ctx, tab := newBrowser(t)
	follow := func(link string, css string) step {
		return chromedp.Steps(
			chromedp.Navigate(base+"/"),
			click(fmt.Sprintf(`.cards a[href=%q]`, link)),
			chromedp.WaitVisible(chromedp.CSS(css)),
		)
	}
	err := chromedp.Do(ctx,
		chromedp.Navigate(base+"/"), see("scraping"), shot("front"),
		follow("/briefings/", `a[href="/briefings/b1"]`), shot("briefings"),
		click(`a[href="/briefings/b1"]`), see("News."), shot("briefing"),
		follow("/schedule/", "table"), see("briefing_generate"), shot("schedule"),
		follow("/docs/", "dl"), shot("docs"),
		click(`a[href="/docs/architecture"]`), chromedp.WaitVisible(chromedp.CSS("article h1")), shot("doc"),
		follow("/asynqmon/", "#root header"),
	)
	if err != nil {
		t.Fatalf("%v; the browser says %q", err, tab.all())
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
		ctx, tab := newBrowser(t)
		err := chromedp.Do(ctx,
			chromedp.Navigate(base+"/asynqmon/"), see("agents"), shot("asynqmon"),
			chromedp.Navigate(base+"/asynqmon/queues/agents"), see("No active tasks at this time"), shot("queue"),
			chromedp.Navigate(base+"/asynqmon/queues/agents?status=pending"), see("agent_scout"), shot("pending"),
			chromedp.Navigate(base+"/asynqmon/schedulers"), see("briefing_generate"), shot("schedulers"),
			chromedp.Navigate(base+"/asynqmon/redis"), see(about), shot("redis"),
		)
		if err != nil {
			t.Fatalf("%v; the browser says %q", err, tab.all())
		}
		for _, c := range tab.all() {
			// Refusing the web fonts is what makes the console work offline.
			if !strings.Contains(c, "'https://fonts.googleapis.com/") {
				t.Errorf("the browser says %q", c)
			}
		}
	})
}
