package roster

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/test/redistest"
)

// list returns what is told.
func list(t *testing.T, s *Store) []Record {
	t.Helper()
	all, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// age makes a record one that was renewed some time ago.
func age(t *testing.T, client redis.UniversalClient, s *Store, id string, by time.Duration) {
	t.Helper()
	at := client.Time(t.Context()).Val().Add(-by)
	client.ZAdd(t.Context(), s.keys[1], redis.Z{Score: float64(at.UnixMilli()), Member: id})
}

func TestADaemonIsToldWhileItRunsAndNotOnceItHasStopped(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(client, "switchyard:")
		status := Status{Failing: []Failing{{"lanes", "not consuming"}}, Queues: []Queue{{"agents", "agents", 4, 2}}}
		looked := make(chan struct{}, 10)
		m := NewMember(s, Record{Roles: []string{"worker"}, Version: "v1", Commit: "abc", Layout: 3}, func(context.Context) Status { looked <- struct{}{}; return status }, zap.NewNop())
		ctx, stop := context.WithCancel(t.Context())
		news, ended := make(chan struct{}), make(chan struct{})
		go func() { m.Run(ctx, news); close(ended) }()
		<-looked
		news <- struct{}{} // it is taken once the first record is written
		all := list(t, s)
		if len(all) != 1 {
			t.Fatalf("told %+v, want one", all)
		}
		got := all[0]
		host, _ := os.Hostname()
		now := client.Time(t.Context()).Val()
		if off := now.Sub(got.Seen).Abs(); off > time.Minute || now.Sub(got.Started).Abs() > time.Minute || got.Started.After(got.Seen) {
			t.Errorf("seen %s and started %s, now it is %s", got.Seen, got.Started, now)
		}
		want := Record{ID: m.record.ID, Roles: []string{"worker"}, Host: host, PID: os.Getpid(), Version: "v1", Commit: "abc", Layout: 3, Status: status}
		got.Seen, got.Started, got.Up = time.Time{}, time.Time{}, 0
		if !reflect.DeepEqual(got, want) || got.State() != NotReady {
			t.Errorf("told %+v as %s, want %+v", got, got.State(), want)
		}
		stop()
		<-ended
		if all := list(t, s); len(all) != 0 {
			t.Errorf("told %+v after its end", all)
		}
	})
}

func TestADaemonThatIsStoppedWhileItRenewsIsNotTold(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(client, "switchyard:")
		ctx, stop := context.WithCancel(t.Context())
		looks := 0
		look := func(context.Context) Status {
			if looks++; looks == 2 {
				stop()
			}
			return Status{}
		}
		news := make(chan struct{}, 1)
		news <- struct{}{}
		NewMember(s, Record{Roles: []string{"worker"}}, look, zap.NewNop()).Run(ctx, news)
		if all := list(t, s); looks != 2 || len(all) != 0 {
			t.Errorf("told %+v after its end and %d looks, want nobody after 2", all, looks)
		}
	})
}

func TestADaemonThatVanishedIsLostForAnHourAndThenForgotten(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(client, "switchyard:")
		for _, id := range []string{"a", "b", "c", "d"} {
			if err := s.renew(t.Context(), Record{ID: id, Roles: []string{"monitor"}, Status: Status{Draining: id == "b"}}); err != nil {
				t.Fatal(err)
			}
		}
		age(t, client, s, "a", 10*time.Second)
		age(t, client, s, "b", 30*time.Second)
		age(t, client, s, "c", 59*time.Minute)
		age(t, client, s, "d", 61*time.Minute)
		said := ""
		for _, r := range list(t, s) {
			said += r.ID + " " + string(r.State()) + " "
		}
		if said != "a ready b lost c lost " {
			t.Errorf("told %q", said)
		}
		if err := s.renew(t.Context(), Record{ID: "a", Roles: []string{"monitor"}}); err != nil {
			t.Fatal(err)
		}
		if n := client.HLen(t.Context(), s.keys[0]).Val(); n != 3 {
			t.Errorf("%d records are kept, want 3", n)
		}
		if ttl := client.TTL(t.Context(), s.keys[0]).Val(); ttl <= 0 || ttl > toldFor {
			t.Errorf("the records are kept for %s", ttl)
		}
	})
}

func TestTheRosterHasAThousandRecordsAtMost(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(client, "switchyard:")
		now := client.Time(t.Context()).Val()
		_, _ = client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := range maxRecords {
				id := fmt.Sprintf("other%04d", i)
				p.HSet(t.Context(), s.keys[0], id, `{"roles":["worker"]}`)
				p.ZAdd(t.Context(), s.keys[1], redis.Z{Score: float64(now.UnixMilli() - 20_000 + int64(i)), Member: id})
			}
			return nil
		})
		if err := s.renew(t.Context(), Record{ID: "this", Roles: []string{"worker"}}); err != nil {
			t.Fatal(err)
		}
		told := map[string]bool{}
		for _, r := range list(t, s) {
			told[r.ID] = true
		}
		if len(told) != maxRecords || !told["this"] || told["other0000"] || !told["other0001"] {
			t.Errorf("%d are told, want %d, without the one not seen for the longest time", len(told), maxRecords)
		}
	})
}

func TestWhatOthersHaveWrittenHidesNoDaemon(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := NewStore(client, "switchyard:")
		renew := func() {
			t.Helper()
			long := strings.Repeat("ä", 1000)
			if err := s.renew(t.Context(), Record{ID: "this", Roles: []string{"worker"}, Host: long, Status: Status{Failing: make([]Failing, 50)}}); err != nil {
				t.Fatal(err)
			}
		}
		renew()
		for id, text := range map[string]string{
			"words": "a text", "null": "null", "list": "[]", "large": strings.Repeat("x", maxBytes+1), "ahead": `{"roles":["worker"]}`,
			"\xff": `{"roles":["worker"]}`, "negative": `{"roles":["worker"],"up":-5}`, "infinite": `{"roles":["worker"]}`,
		} {
			client.HSet(t.Context(), s.keys[0], id, text)
			age(t, client, s, id, 0)
		}
		age(t, client, s, "ahead", -time.Hour)
		client.Do(t.Context(), "ZADD", s.keys[1], "+inf", "infinite")
		age(t, client, s, "without a record", 0)
		all := list(t, s)
		if len(all) != 1 || all[0].ID != "this" || len(all[0].Host) != maxText || len(all[0].Failing) != maxFailing {
			t.Errorf("told %+v, want this alone, within its bounds", all)
		}
		renew()
		if client.HExists(t.Context(), s.keys[0], "ahead").Val() || client.HExists(t.Context(), s.keys[0], "infinite").Val() {
			t.Error("records from a time to come are kept")
		}
		for _, key := range s.keys {
			client.Del(t.Context(), key)
			client.LPush(t.Context(), key, "x")
			if all := list(t, s); len(all) != 0 {
				t.Errorf("%s is a list: told %+v", key, all)
			}
			renew()
			if all := list(t, s); len(all) != 1 {
				t.Errorf("%s was a list: told %+v, want one", key, all)
			}
		}
	})
}

func TestARedisThatIsAwayIsSaidOnceAndDelaysNoEnd(t *testing.T) {
	server := redistest.Server(t)
	s := NewStore(redistest.Client(t, server.Addr), "switchyard:")
	server.Stop()
	core, logs := observer.New(zap.InfoLevel)
	looked := make(chan struct{}, 1)
	m := NewMember(s, Record{Roles: []string{"worker"}}, func(context.Context) Status { looked <- struct{}{}; return Status{} }, zap.New(core))
	ctx, stop := context.WithCancel(t.Context())
	news, ended := make(chan struct{}), make(chan struct{})
	go func() { m.Run(ctx, news); close(ended) }()
	<-looked
	news <- struct{}{}
	<-looked
	stop()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	if logs.Len() != 1 {
		t.Errorf("%d lines, want 1: %v", logs.Len(), logs.All())
	}
}
