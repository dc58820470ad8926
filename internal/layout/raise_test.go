package layout

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// program returns the mark as a program of a release sees it.
func program(client redis.UniversalClient, release string, knows int) *Mark {
	m := NewMark(client, "acme:", release)
	m.Knows = knows
	return m
}

func TestTheLayoutBeforeIsWrittenUntilTheUpgradeIsFinished(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		before, after := program(client, "v1.0.0", 1), program(client, "v1.1.0", 2)
		if s, err := before.Claim(t.Context()); err != nil || s.Writes != 1 {
			t.Fatalf("%+v, %v", s, err)
		}
		if s, err := after.Claim(t.Context()); err != nil || s.Writes != 1 || after.Writes() != 1 || s.By != "v1.0.0" {
			t.Errorf("a newer program beside: %+v, %v", s, err)
		}
		if err := before.Check(t.Context()); err != nil {
			t.Errorf("back again: %v", err)
		}
		client.HSet(t.Context(), "acme:layout", "at", 1)
		if s, err := after.Raise(t.Context()); err != nil || s.Reads != 2 || s.Writes != 2 || after.Writes() != 2 || s.By != "v1.1.0" || time.Since(s.At).Abs() > time.Minute {
			t.Errorf("raised to %+v, %v", s, err)
		}
		var newer *NewerError
		if _, err := before.Claim(t.Context()); !errors.As(err, &newer) || newer.By != "v1.1.0" || newer.Knows != 1 {
			t.Errorf("the older one says %v", err)
		}
		noted := client.HGetAll(t.Context(), "acme:layout").Val()
		for range 2 {
			if s, err := after.Raise(t.Context()); err != nil || s.Writes != 2 {
				t.Errorf("raised again to %+v, %v", s, err)
			}
			if _, err := before.Raise(t.Context()); !errors.As(err, &newer) {
				t.Errorf("an older program raises: %v", err)
			}
		}
		if now := client.HGetAll(t.Context(), "acme:layout").Val(); !maps.Equal(now, noted) {
			t.Errorf("the mark was %v and is %v", noted, now)
		}
	})
}

func TestTheFirstProgramWritesWhatItKnows(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		if s, err := program(client, "v1.1.0", 2).Claim(t.Context()); err != nil || s.Reads != 2 || s.Writes != 2 {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

func TestAFeatureIsNotedByItsFirstWriterAndKeptByAll(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		first := program(client, "v1.1.0", 2)
		fresh := Feature{Name: "fresh", Since: "1.1.0"}
		first.Note(t.Context(), fresh) // by a command, before any daemon
		client.HSet(t.Context(), "acme:layout", "feature:later", "9.0.0", "of nobody", "x")
		second := program(client, "v1.2.0", 2)
		second.Note(t.Context(), Feature{Name: "fresh", Since: "1.2.0"}, Feature{Name: "other", Since: "1.2.0"})
		s, err := second.Raise(t.Context())
		if want := map[string]string{"fresh": "1.1.0", "other": "1.2.0", "later": "9.0.0"}; err != nil || s.Writes != 2 || s.By != "v1.1.0" || !maps.Equal(s.Features, want) {
			t.Errorf("%+v, %v, want %v", s, err, want)
		}
		client.HDel(t.Context(), "acme:layout", "feature:fresh")
		first.Note(t.Context(), fresh)
		if client.HExists(t.Context(), "acme:layout", "feature:fresh").Val() {
			t.Error("what was noted within the last minute is asked for again")
		}
		first.noted.Store("fresh", time.Now().Add(-noteAgain))
		first.Note(t.Context(), fresh)
		if !client.HExists(t.Context(), "acme:layout", "feature:fresh").Val() {
			t.Error("what was lost is not noted again after a minute")
		}
	})
}

func TestAProgramThatMustNotWorkHereNotesNothing(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		if _, err := program(client, "v1.1.0", 2).Claim(t.Context()); err != nil {
			t.Fatal(err)
		}
		noted := client.HGetAll(t.Context(), "acme:layout").Val()
		program(client, "v1.0.0", 1).Note(t.Context(), Feature{Name: "old", Since: "1.0.0"})
		if now := client.HGetAll(t.Context(), "acme:layout").Val(); !maps.Equal(now, noted) {
			t.Errorf("the mark was %v and is %v", noted, now)
		}
	})
}
