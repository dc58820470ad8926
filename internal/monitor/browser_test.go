package monitor

import (
	"fmt"
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

func TestFrontPageLinksWorkInABrowser(t *testing.T) {
	base := serve(t, redistest.Client(t, redistest.Mini(t).Addr()))
	ctx, tab := browser.Open(t)
	follow := func(link string, css string) browser.Step {
		return chromedp.Steps(
			chromedp.Navigate(base+"/"),
			browser.Click(fmt.Sprintf(`.cards a[href=%q]`, link)),
			chromedp.WaitVisible(chromedp.CSS(css)),
		)
	}
	err := chromedp.Do(ctx,
		chromedp.Navigate(base+"/"), browser.See("scraping"), browser.Shot("front"),
		follow("/briefings/", `a[href="/briefings/b1"]`), browser.Shot("briefings"),
		browser.Click(`a[href="/briefings/b1"]`), browser.See("News."), browser.Shot("briefing"),
		follow("/schedule/", "table"), browser.See("briefing_generate"), browser.Shot("schedule"),
		follow("/docs/", "dl"), browser.Shot("docs"),
		browser.Click(`a[href="/docs/architecture"]`), chromedp.WaitVisible(chromedp.CSS("article h1")), browser.Shot("doc"),
		follow("/asynqmon/", "#root header"),
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
