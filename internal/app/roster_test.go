package app

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/roster"
	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

type hold struct{}

// Kind implements [tasks.Args].
func (hold) Kind() string { return "hold" }

// awaitListed returns the only daemon in the roster, once it is as it should be.
func awaitListed(t *testing.T, s *System, is func(roster.Record) bool) roster.Record {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		all, err := s.Roster.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 1 && is(all[0]) {
			return all[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("listed %+v", all)
		}
	}
}

func TestAWorkerIsListedUntilItEndsAndThenItsAttemptsAreTold(t *testing.T) {
	running, goOn := make(chan struct{}), make(chan struct{})
	perform := func(context.Context, *tasks.Task, hold) (any, error) {
		close(running)
		<-goOn
		return nil, nil
	}
	c := config.Default()
	c.Redis.URL = "redis://" + redistest.Server(t).Addr
	s, err := Open(c, zap.NewNop(), tasks.Define("hold", 1, perform))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Queue.Enqueue(t.Context(), hold{}, tasks.Options{}); err != nil {
		t.Fatal(err)
	}
	w := newWorker(t, s)
	quiet, beQuiet := context.WithCancel(context.Background())
	listing, endListing := context.WithCancel(context.Background())
	defer beQuiet()
	defer endListing()
	var work, list sync.WaitGroup
	work.Go(func() {
		if err := w.Run(daemon.Stop{Quiet: quiet, Drain: context.Background()}); err != nil {
			t.Error(err)
		}
	})
	<-running
	list.Go(func() {
		s.keepListed(listing, quiet, listed{roles: []string{roleWorker}, ready: daemon.NewReadiness(append(s.checks(), w.Checks()...)), loads: w.loads})
	})
	want := []roster.Queue{{Name: "agents", Lane: "agents", Concurrency: 4}, {Name: "briefings", Lane: "briefings", Concurrency: 4}, {Name: "default", Lane: "default", Concurrency: 4, Busy: 1}, {Name: "scraping", Lane: "scraping", Concurrency: 8}}
	got := awaitListed(t, s, func(roster.Record) bool { return true })
	if !slices.Equal(got.Queues, want) || !slices.Equal(got.Roles, []string{"worker"}) || got.Draining || got.Version == "" {
		t.Errorf("listed %+v", got)
	}
	beQuiet()
	got = awaitListed(t, s, func(r roster.Record) bool { return r.State() == roster.Draining })
	if !slices.Equal(got.Queues, want) {
		t.Errorf("while it drains it is listed as %+v", got)
	}
	close(goOn)
	work.Wait()
	endListing()
	list.Wait()
	if all, err := s.Roster.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("listed %+v, %v after its end", all, err)
	}
	now := s.Redis.Time(t.Context()).Val()
	told, err := s.Series.Read(t.Context(), []string{"default"}, now.Add(-time.Hour), now.Add(time.Minute), 2*time.Hour)
	if err != nil || told.Total[0].Succeeded != 1 || told.Total[0].Waited.Count != 1 || told.Total[0].Took.Count != 1 {
		t.Errorf("told %+v, %v; want the attempt", told, err)
	}
}
