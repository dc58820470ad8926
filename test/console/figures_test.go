package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/series"
	"switchyard/internal/tasks"
	"switchyard/test/browser"
	"switchyard/test/redistest"
)

// figures are what the overview shows, read out of the page.
const figures = `({
	queues: [...document.querySelectorAll("#queues tbody tr")].map((r) => [...r.cells].slice(0, 11).map((c) => c.innerText.trim()).join(" ")),
	needs: [...document.querySelectorAll("#needs li")].map((l) => l.innerText.trim().replace(/\s+/g, " ")),
	sums: [...document.querySelectorAll("#series .sums dd")].map((d) => d.innerText.trim()).join(" "),
	last: [...document.querySelectorAll("#series figure:first-of-type details tbody tr")].map((r) => [...r.cells].slice(1).map((c) => c.dataset.value).join(" ")).filter((t) => t !== "0 0 0 0").join(", "),
	waits: [...document.querySelectorAll("#series figure:nth-of-type(2) details tbody tr")].map((r) => [...r.cells].slice(1).map((c) => c.dataset.value).join(" ")).filter((t) => t.trim() !== "").length,
})`

type shown struct {
	Queues, Needs []string
	Sums, Last    string
	Waits         int
}

func TestEachFigureOfTheOverviewIsWhatIsInRedis(t *testing.T) {
	server := redistest.Server(t)
	s := open(t, "redis://"+server.Addr)
	rdb := s.system.Redis
	now := rdb.Time(t.Context()).Val()
	pipe(t, rdb, func(p redis.Pipeliner) {
		ctx := t.Context()
		p.SAdd(ctx, "asynq:queues", "far", "near")
		for i := range 1234 {
			id := fmt.Sprint("w", i)
			p.HSet(ctx, "asynq:{far}:t:"+id, "state", "pending", "pending_since", now.Add(-10*time.Minute).UnixNano())
			p.LPush(ctx, "asynq:{far}:pending", id)
		}
		p.LPush(ctx, "asynq:{far}:active", "a", "b")
		p.ZAdd(ctx, "asynq:{far}:scheduled", zs(now.Add(time.Hour), 3)...)
		p.ZAdd(ctx, "asynq:{far}:retry", zs(now.Add(time.Hour), 4)...)
		p.ZAdd(ctx, "asynq:{far}:archived", zs(now.Add(-time.Hour), 5)...)
		p.ZAdd(ctx, "asynq:{far}:archived", redis.Z{Score: float64(now.Add(-30 * time.Hour).Unix()), Member: "old"})
		p.LPush(ctx, "asynq:{near}:pending", "x")
		p.Set(ctx, "asynq:{near}:paused", 1, 0)
	})
	counter := series.NewCounter(s.system.Series, zap.NewNop())
	for outcome, n := range map[tasks.Outcome]int{tasks.OutcomeSucceeded: 7, tasks.OutcomeRetried: 3, tasks.OutcomeDead: 2, tasks.OutcomeParked: 1} {
		for range n {
			counter.Ended("far", outcome, time.Second, 2*time.Second)
		}
	}
	counter.Flush(t.Context())
	for _, user := range []string{"ada", "bob", "eve"} {
		if _, err := s.system.Operator().Pause(t.Context(), user, operator); err != nil {
			t.Fatal(err)
		}
	}
	do := openTab(t)
	var got shown
	do(chromedp.Navigate(s.url+"/"), browser.See("3 users are paused"), func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		var err error
		got, err = chromedp.Run(ctx, chromedp.Evaluate[shown](figures))
		return chromedp.Void{}, err
	})
	if want := "far no worker 1\u202f234 10 min 2 0 0 3 4 5 6, near paused 1 0 s 0 0 0 0 0 0 0"; strings.Join(got.Queues, ", ") != want {
		t.Errorf("queues %q, want %q", got.Queues, want)
	}
	if want := "far waits too long the oldest task waits for 10 min, near is paused 1 task waits, 5 tasks have failed in 24 hours 5 in far, 3 users are paused their agents wait"; strings.Join(got.Needs, ", ") != want {
		t.Errorf("needs %q, want %q", got.Needs, want)
	}
	if got.Sums != "7 3 2 1" || got.Last != "7 3 2 1" || got.Waits != 1 {
		t.Errorf("series %+v", got)
	}
}

func zs(at time.Time, n int) []redis.Z {
	all := make([]redis.Z, n)
	for i := range all {
		all[i] = redis.Z{Score: float64(at.Unix()), Member: fmt.Sprint("m", i)}
	}
	return all
}

func pipe(t *testing.T, rdb redis.UniversalClient, fill func(redis.Pipeliner)) {
	t.Helper()
	if _, err := rdb.Pipelined(t.Context(), func(p redis.Pipeliner) error { fill(p); return nil }); err != nil {
		t.Fatal(err)
	}
}
