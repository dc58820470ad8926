package app

import (
	"strings"
	"testing"

	"go.uber.org/zap"

	"switchyard/internal/config"
	"switchyard/internal/schedule"
	"switchyard/test/redistest"
)

func TestASchedulerSaysThatTheBrokerOfCeleryIsAwayAndGoesOn(t *testing.T) {
	broker := redistest.Server(t)
	c := config.Default()
	c.Redis.URL, c.Celery.Broker = "redis://"+redistest.Mini(t).Addr(), "redis://"+broker.Addr
	c.Celery.Kinds = map[string]config.CeleryKind{"cleanup": {Runtime: config.RuntimePython}}
	s, err := Open(c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, e := range []schedule.Entry{
		{ID: "theirs", Spec: "@every 1s", Kind: "cleanup", Origin: schedule.OriginAPI},
		{ID: "ours", Spec: "@every 1s", Kind: "scrape_page", Payload: []byte(`{"url":"https://example.com/"}`), Origin: schedule.OriginAPI},
	} {
		if err := s.CheckEntry(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Schedule.Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	broker.Stop()
	ready := runSystem(t, s, begins["scheduler"])
	runs := func(id string) int64 {
		r, err := s.Schedule.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return r.Books.Runs
	}
	await(t, "a tick of ours while Celery's are held up", func() bool { return runs("ours") >= 3 })
	if said := ready(); runs("theirs") != 0 || !ready.lacks("celery", "the broker of Celery: ") || !strings.Contains(said, "rounds: ok\n") {
		t.Errorf("%d ticks of Celery's, and it is ready so far:\n%s", runs("theirs"), said)
	}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "a tick of Celery's", func() bool { return runs("theirs") > 0 })
	ready.await(t)
	if n := len(s.celery.opened); n != 1 {
		t.Errorf("%d clients beside ours, want one for broker and backend", n)
	}
}
