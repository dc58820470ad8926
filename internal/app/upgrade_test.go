package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/daemon"
	"switchyard/internal/layout"
	"switchyard/internal/roster"
	"switchyard/internal/schedule"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// lists has a daemon of a release in the roster until the test ends.
func lists(t *testing.T, s *System, program roster.Record) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	looked, news, ended := make(chan struct{}, 10), make(chan struct{}), make(chan struct{})
	m := roster.NewMember(s.Roster, program, func(context.Context) roster.Status { looked <- struct{}{}; return program.Status }, zap.NewNop())
	go func() { m.Run(ctx, news); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	<-looked
	news <- struct{}{} // it is taken once the first record is written
}

func TestAnUpgradeIsNotFinishedWhileAnOlderDaemonLives(t *testing.T) {
	s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
	ctx := t.Context()
	if _, err := s.Layout.Claim(ctx); err != nil {
		t.Fatal(err)
	}
	s.Layout.Knows = layout.Known + 1
	by := audit.Actor{Name: "op", Via: audit.Command}
	expires := float64(s.Redis.Time(ctx).Val().Add(30 * time.Second).Unix())
	s.Redis.Do(ctx, "ZADD", "asynq:servers", expires, "asynq:servers:{web:1:4711:abc}", 1, "asynq:servers:{gone:4712:abc}")
	s.Redis.Do(ctx, "ZADD", "asynq:schedulers", expires, "asynq:schedulers:{switchyard}")
	want := "older programs live, and would refuse to work from then on: replace them first, or wait 30 seconds if they have just ended\n" +
		"worker, or foreign asynq server, web:1:4711 of release before 0.2.0 knows layout 1\nscheduler of release before 0.2.0 knows layout 1"
	if _, _, err := s.FinishUpgrade(ctx, nil, by); !errors.As(err, new(*LivingError)) || err.Error() != want {
		t.Errorf("says %v", err)
	}
	lists(t, s, roster.Record{Roles: []string{"monitor", "scheduler"}, Version: "v0.3.0", Layout: layout.Known})
	_, _, err := s.FinishUpgrade(ctx, []string{"web:1:4711"}, by)
	if text := fmt.Sprint(err); !errors.As(err, new(*LivingError)) || strings.Count(text, "\n") != 1 || !strings.Contains(text, "\nmonitor and scheduler ") || !strings.HasSuffix(text, " of release v0.3.0 knows layout 1") {
		t.Errorf("says %v", err)
	}
	if n := s.Layout.Writes(); n != layout.Known {
		t.Errorf("layout %d is written", n)
	}
}

func TestAFinishedUpgradeIsWrittenByAllAndInTheAuditLog(t *testing.T) {
	s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
	ctx, by := t.Context(), audit.Actor{Name: "op", Via: audit.Command}
	if from, to, err := s.FinishUpgrade(ctx, nil, by); from != 0 || to != 0 || err != nil {
		t.Errorf("on an empty redis: %d to %d, %v", from, to, err)
	}
	if _, err := s.Layout.Claim(ctx); err != nil {
		t.Fatal(err)
	}
	s.Layout.Knows = layout.Known + 1
	lists(t, s, roster.Record{Roles: []string{"worker"}, Layout: layout.Known + 1})
	for _, from := range []int{layout.Known, layout.Known + 1} {
		if was, now, err := s.FinishUpgrade(ctx, nil, by); was != from || now != layout.Known+1 || err != nil {
			t.Errorf("%d to %d, %v", was, now, err)
		}
	}
	records, err := s.Audit.Read(ctx, "", 10)
	if err != nil || len(records) != 1 || records[0].Did != "finish upgrade" || records[0].Detail != "layout 2" {
		t.Errorf("the audit log has %+v, %v", records, err)
	}
	s.Layout.Knows = layout.Known
	if _, err := s.LookAtUpgrade(ctx, layout.Last()); !errors.As(err, new(*layout.NewerError)) {
		t.Errorf("an older program says %v", err)
	}
}

func TestWhatTheReleaseBeforeDoesNotServeIsCounted(t *testing.T) {
	s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
	ctx := t.Context()
	send := func(id string, o tasks.Options) {
		t.Helper()
		o.ID = id
		if _, err := s.Queue.Enqueue(ctx, tasks.Raw{Name: "scrape_feed", Payload: []byte(`{"url":"https://example.org/` + id + `"}`)}, o); err != nil {
			t.Fatal(err)
		}
	}
	send("plain", tasks.Options{})
	if s.Redis.Exists(ctx, "switchyard:layout").Val() != 0 {
		t.Error("a task that all releases serve is noted")
	}
	send("told", tasks.Options{Notify: []tasks.Hook{{URL: "https://example.org/"}}})
	send("limited", tasks.Options{HardLimit: time.Minute, At: time.Now().Add(time.Hour)})
	send("ended", tasks.Options{HardLimit: time.Minute})
	if done, err := s.Queue.Cancel(ctx, []tasks.Name{{Queue: "scraping", ID: "ended"}}, tasks.Cancellation{By: "op"}); err != nil || done[0].Err != nil {
		t.Fatal(err, done)
	}
	s.Redis.HSet(ctx, "switchyard:celery:awaited", "default/a", "{}", "default/b", "{}")
	for i, owner := range []string{"blue", "blue", "green"} {
		e := schedule.Entry{ID: fmt.Sprint("e", i), Spec: "@daily", Kind: "agent_scout", Payload: []byte(`{"user":"ada"}`), Origin: schedule.OriginConfig, ConfiguredBy: owner}
		if _, err := s.Schedule.Put(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	u, err := s.LookAtUpgrade(ctx, layout.Last())
	got := ""
	for _, stop := range u.Stops {
		got += fmt.Sprintf("%s %d, ", stop.Name, stop.Count)
	}
	if err != nil || got != "notify 1, limits 1, owners 3, celery 2, " || u.Target != "0.1.0" || u.Stored == nil || u.Stored.Writes != layout.Known {
		t.Errorf("%s%+v, %v", got, u, err)
	}
	noted := s.Redis.HGetAll(ctx, "switchyard:layout").Val()
	if noted["feature:notify"] != "0.2.0" || noted["feature:limits"] != "0.2.0" || len(noted) != 6 {
		t.Errorf("noted %v", noted)
	}
	this, err := layout.Find("0.2.0")
	if err != nil {
		t.Fatal(err)
	}
	if u, err := s.LookAtUpgrade(ctx, this); err != nil || len(u.Stops) > 0 {
		t.Errorf("the way to this release: %+v, %v", u, err)
	}
}

// A kind that is left out of the table of releases would never be told.
func TestTheTableOfReleasesKnowsEveryKindOfThisOne(t *testing.T) {
	s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
	this := layout.Releases[len(layout.Releases)-1]
	for _, name := range s.Catalog.Names() {
		kind, err := s.Catalog.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if version, ours := this.Payload(kind.Name); !ours || version != kind.Version {
			t.Errorf("%s has version %d, and release %s has %d", name, kind.Version, this.Version, version)
		}
	}
}

func TestAWorkerIsNoOlderDaemonToItsOwnRelease(t *testing.T) {
	s := openOn(t, "redis://"+redistest.Server(t).Addr, zap.NewNop())
	w := newWorker(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(daemon.Stop{Quiet: ctx, Drain: ctx}) }()
	await(t, "a worker at work", func() bool { return s.Redis.ZCard(ctx, "asynq:servers").Val() == 1 })
	if older, err := s.Older(ctx); err != nil || len(older) != 1 {
		t.Errorf("one without a record: %+v, %v", older, err)
	}
	lists(t, s, roster.Record{Roles: []string{"worker"}, Layout: layout.Known})
	if older, err := s.Older(ctx); err != nil || len(older) != 0 {
		t.Errorf("one with a record: %+v, %v", older, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
