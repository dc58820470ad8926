package scraping

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/documents"
	"switchyard/internal/pages"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/web"
	"switchyard/test/redistest"
)

// moody is a server whose pages answer as the test says, and counts what it is asked.
type moody struct {
	mu     sync.Mutex
	status map[string]int    // of a path; 200 if there is none
	body   map[string]string // with an ETag made of it
	asked  map[string]int
	sent   map[string]int // whole
}

func newMoody() *moody {
	return &moody{status: map[string]int{}, body: map[string]string{}, asked: map[string]int{}, sent: map[string]int{}}
}

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[r.URL.Path]++
	if status := m.status[r.URL.Path]; status != 0 {
		w.WriteHeader(status)
		return
	}
	body := m.body[r.URL.Path]
	tag := fmt.Sprintf(`"%d"`, len(body))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	m.sent[r.URL.Path]++
	w.Header().Set("Content-Type", htmlType)
	_, _ = fmt.Fprint(w, body)
}

func (m *moody) be(path string, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status[path] = status
}

func (m *moody) say(path, body string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.body[path] = body
}

// stage has the handlers, their server and a clock.
type stage struct {
	t      *testing.T
	now    time.Time
	server *moody
	base   string
	queue  *tray
	visits int
	Handlers
}

func onStage(t *testing.T, client redis.UniversalClient) *stage {
	s := &stage{t: t, now: time.Now().Truncate(time.Second), server: newMoody(), queue: &tray{}}
	s.base = serve(t, s.server)
	s.Handlers = handlersOn(t, client, s.queue, documents.New(client, "p:", 0, func() time.Time { return s.now }), func() time.Time { return s.now })
	return s
}

// page scrapes a page of a source, and says what becomes of the task.
func (s *stage) page(path, source string) string {
	s.t.Helper()
	result, err := perform(s.t, s.Handlers, PageArgs{URL: s.base + path, Source: source})
	delay, again := tasks.PostponedDelay(err)
	switch {
	case again:
		return "again in " + delay.Round(time.Second).String()
	case tasks.IsPermanent(err):
		return "dead"
	case err != nil:
		return "retried"
	}
	r := result.(PageResult)
	return strings.TrimSpace(string(r.Page) + " " + string(r.State))
}

func TestAPageOfASourceThatFailsIsTriedAgainAndNeverDead(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/a", "<title>A</title><p>Some words.")
		for _, step := range []struct {
			status int
			want   string
		}{
			{503, "again in 5m0s"},
			{429, "again in 30m0s"},
			{403, "again in 168h0m0s"},
			{0, "seen stored"},
			{404, "again in 1h0m0s"},
			{404, "again in 24h0m0s"},
			{404, "again in 72h0m0s"},
			{404, "gone"},
			{0, "seen unchanged"},
			{410, "gone"},
		} {
			s.server.be("/a", step.status)
			if got := s.page("/a", "paper"); got != step.want {
				t.Errorf("status %d: %s, want %s", step.status, got, step.want)
			}
		}
		report, err := s.Sources.(*sources.Store).Report(t.Context(), "paper")
		if err != nil || report.Read != 2 || report.Gone != 2 || len(report.Troubles) != 1 {
			t.Errorf("the source %+v, %v", report, err)
		}
		s.server.be("/a", 404)
		if got := s.page("/a", ""); got != "dead" {
			t.Errorf("a page that somebody sent by hand: %s, want dead", got)
		}
	})
}

func TestAPageThatCannotBeReadIsTriedAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/empty", "<script>draw()</script>")
		for _, want := range []string{"again in 1h0m0s", "again in 24h0m0s", "again in 72h0m0s", "gone"} {
			if got := s.page("/empty", "paper"); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

func TestAPageThatHasNotChangedIsNotSentAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/a", "<title>A</title><p>Some words.")
		for i, want := range []string{"seen stored", "seen unchanged", "seen unchanged"} {
			if got := s.page("/a", "paper"); got != want || s.server.sent["/a"] != 1 {
				t.Errorf("%d: %s, sent %d times, want %s and once", i, got, s.server.sent["/a"], want)
			}
		}
		s.server.say("/a", "<title>A</title><p>Some other words, and more.")
		if got := s.page("/a", "paper"); got != "seen changed" {
			t.Errorf("a page that has changed: %s", got)
		}
		// What was read of it is lost: all of it is needed again.
		known, err := s.Pages.Get(t.Context(), s.base+"/a")
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Del(t.Context(), "p:document:"+known.Document).Err(); err != nil {
			t.Fatal(err)
		}
		if got := s.page("/a", "paper"); got != "seen stored" {
			t.Errorf("a page whose document is gone: %s", got)
		}
	})
}

// feed visits the source, and says what it found.
func (s *stage) feed(source string) string {
	s.t.Helper()
	result, err := perform(s.t, s.Handlers, FeedArgs{URL: s.base + "/feed", Source: source})
	if delay, again := tasks.PostponedDelay(err); again {
		return "again in " + delay.Round(time.Second).String()
	}
	if err != nil {
		return "failed"
	}
	r := result.(FeedResult)
	return fmt.Sprintf("%d found, %d sent, unchanged %v, error %v", r.Found, r.Enqueued, r.Unchanged, r.Error != "")
}

func TestAFailedPageIsNoSeenPage(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/feed", rss("/a", "/b"))
		s.server.say("/a", "<title>A</title><p>Some words.")
		s.server.be("/b", 503)
		visit := func(want string) {
			t.Helper()
			if got := s.feed("paper"); got != want {
				t.Errorf("visit: %s, want %s", got, want)
			}
		}
		visit("2 found, 2 sent, unchanged false, error false")
		s.page("/a", "paper")
		s.page("/b", "paper") // waits for its next try
		visit("0 found, 0 sent, unchanged true, error false")
		s.server.say("/feed", rss("/a", "/b", "/c"))
		visit("3 found, 1 sent, unchanged false, error false")
		s.server.say("/feed", rss("/c", "/b", "/a")+" ")
		clear(s.queue.ids) // somebody has deleted all tasks
		s.now = s.now.Add(5 * time.Minute)
		visit("3 found, 2 sent, unchanged false, error false") // b, which is due, and c, which waits
	})
}

func TestASourceThatCannotBeReadSaysSoAndIsVisitedAgain(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.be("/feed", 502)
		const failed = "0 found, 0 sent, unchanged false, error true"
		for i, want := range []string{"again in 5m0s", "again in 30m0s", failed, failed} {
			if got := s.feed("paper"); got != want {
				t.Errorf("visit %d: %s, want %s", i, got, want)
			}
		}
		s.server.be("/feed", 404)
		if got := s.feed("paper"); got != failed {
			t.Errorf("a feed that is missing: %s", got)
		}
		report, err := s.Sources.(*sources.Store).Report(t.Context(), "paper")
		if err != nil || report.Failures != 5 || !strings.HasSuffix(report.Last.Error, "404 Not Found") {
			t.Errorf("the source %+v, %v", report, err)
		}
		s.server.be("/feed", 0)
		s.server.say("/feed", rss("/a"))
		if got := s.feed("paper"); got != "1 found, 1 sent, unchanged false, error false" {
			t.Errorf("the feed is back: %s", got)
		}
	})
}

func TestASourceIsReadAnewOnceAWeekAlsoIfItIsAsItWas(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := onStage(t, client)
		s.server.say("/feed", rss("/a"))
		for range 3 {
			s.feed("paper")
			s.now = s.now.Add(time.Hour)
		}
		if s.server.sent["/feed"] != 1 {
			t.Errorf("sent %d times, want once", s.server.sent["/feed"])
		}
		s.now = s.now.Add(rereadAfter)
		s.feed("paper")
		if s.server.sent["/feed"] != 2 {
			t.Errorf("after a week sent %d times, want twice", s.server.sent["/feed"])
		}
	})
}

func TestNothingIsCountedAgainstAPageWhenItsWorkerStops(t *testing.T) {
	s := onStage(t, redistest.Client(t, redistest.Mini(t).Addr()))
	s.server.be("/a", 503)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, err := s.pageFailed(stopped, PageArgs{URL: s.base + "/a", Source: "paper"}, pages.Page{URL: s.base + "/a"}, &web.Error{Temporary: true, Err: stopped.Err()})
	if _, again := tasks.PostponedDelay(err); err == nil || again || tasks.IsPermanent(err) {
		t.Errorf("the task ends with %v, want a plain error", err)
	}
	if p, err := s.Pages.Get(t.Context(), s.base+"/a"); err != nil || p.State != "" {
		t.Errorf("the page is %+v, %v", p, err)
	}
}
