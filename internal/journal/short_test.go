package journal

import (
	"context"
	"crypto/sha1" //nolint:gosec // finds damage, not forgery
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
	"switchyard/test/redistest"
)

// events returns what the entries of the run's journal note.
func (d *desk) events() string {
	d.t.Helper()
	stored, err := d.redis.LRange(d.t.Context(), d.store.key(run), 0, -1).Result()
	if err != nil {
		d.t.Fatal(err)
	}
	var all []string
	for i, text := range stored {
		e, err := parse(i, text)
		if err != nil {
			d.t.Fatal(err)
		}
		all = append(all, string(e.Event))
	}
	return strings.Join(all, " ")
}

// history reads the run's journal anew.
func (d *desk) history() *History {
	d.t.Helper()
	h, err := d.store.Read(d.t.Context(), run)
	if err != nil {
		d.t.Fatal(err)
	}
	return h
}

func TestAShortRunTakesTwoEntries(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		j, _ := d.attempt(1)
		if _, begins, err := j.Begin(ctx, "model 1", true); err != nil || !begins {
			t.Fatal(begins, err)
		}
		if got := d.events(); got != "begin" {
			t.Fatalf("entries %q, want to see what is under way", got)
		}
		began := d.history().Steps[0].Began
		if err := j.Done(ctx, "model 1", json.RawMessage(`"here"`)); err != nil {
			t.Fatal(err)
		}
		if err := j.End(ctx, json.RawMessage(`{}`), time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := d.events(); got != "done end" {
			t.Errorf("entries %q", got)
		}
		h := d.history()
		s := h.Steps[0]
		if len(h.Attempts) != 1 || h.Attempts[0].Number != 1 || h.Attempts[0].Worker != d.store.worker || !h.Attempts[0].At.Equal(began) {
			t.Errorf("attempts %+v", h.Attempts)
		}
		if !s.Began.Equal(began) || s.Ended.Before(began) || !s.Effect || s.Begins != 1 || s.Attempt != 1 || s.State != Done || string(s.Result) != `"here"` {
			t.Errorf("step %+v, want it to have begun at %s", s, began)
		}
	})
}

func TestStepsSideBySideKeepTheirBegins(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		j, _ := d.attempt(1)
		for _, name := range []string{"a", "b"} {
			if _, _, err := j.Begin(ctx, name, false); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"a", "b"} {
			if err := j.Done(ctx, name, nil); err != nil {
				t.Fatal(err)
			}
		}
		d.do(j, "c", false)
		if got := d.events(); got != "begin begin done done done" {
			t.Errorf("entries %q", got)
		}
		for _, s := range d.history().Steps {
			if s.Begins != 1 || s.State != Done {
				t.Errorf("step %+v", s)
			}
		}
	})
}

func TestAStepThatWasTriedTwiceSaysSo(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		j, _ := d.attempt(1)
		for range 2 {
			_, err := j.Do(ctx, "mail", true, func(context.Context) (json.RawMessage, error) { return nil, NotDone(errors.New("mailbox full")) })
			if err == nil {
				t.Fatal("no error")
			}
		}
		if got := d.events(); got != "undone undone" {
			t.Errorf("entries %q", got)
		}
		if s := d.history().Steps[0]; s.Begins != 2 || s.State != Undone || s.Error != "mailbox full" || !s.Effect {
			t.Errorf("step %+v", s)
		}
	})
}

func TestAnEndThatWasWrittenTwiceCountsOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		j, _ := d.attempt(1)
		if _, _, err := j.Begin(ctx, "mail", false); err != nil {
			t.Fatal(err)
		}
		began := j.begins["mail"]
		for range 2 { // Redis has taken the first, and nobody hears of it
			j.begins["mail"], j.written = began, false
			if err := j.write(ctx, keptOpen, false, entry{Event: done, Step: "mail", Attempt: 1, Result: json.RawMessage("1")}); err != nil {
				t.Fatal(err)
			}
		}
		if h := d.history(); len(h.Attempts) != 1 || len(h.Steps) != 1 || h.Steps[0].Begins != 1 || h.Steps[0].State != Done {
			t.Errorf("history %+v", h)
		}
	})
}

func TestAJournalOfAnEarlierVersionIsRead(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		d, ctx := newDesk(t, client), t.Context()
		for place, text := range []string{
			`{"event":"attempt","attempt":1,"worker":"w:1"}`, `{"event":"begin","step":"search","attempt":1}`, `{"event":"done","step":"search","attempt":1,"result":"search"}`,
			`{"event":"begin","step":"read","attempt":1}`, `{"event":"attempt","attempt":2,"worker":"w:2"}`, `{"event":"begin","step":"read","attempt":2}`,
		} {
			at := fmt.Sprint(1_900_000_000_000 + place)
			sum := sha1.Sum(fmt.Appendf(nil, "%d %s %s", place, at, text)) //nolint:gosec // as above
			client.RPush(ctx, d.store.key(run), at+" "+hex.EncodeToString(sum[:])[:sumDigits]+" "+text)
		}
		j, _ := d.attempt(3)
		if d.do(j, "search", false) || !d.do(j, "read", false) {
			t.Error("a finished step was done again, or the other was not")
		}
		h := d.history()
		if len(h.Attempts) != 3 || h.Attempts[1].Worker != "w:2" || h.Steps[1].Begins != 3 || h.Steps[0].Ended.Sub(h.Steps[0].Began) != time.Millisecond {
			t.Errorf("history %+v", h)
		}
	})
}

// queues are the states of tasks, or why they cannot be told.
type queues struct {
	all map[string]tasks.State
	err error
}

func (s *queues) States(_ context.Context, receipts []tasks.Receipt) ([]tasks.State, error) {
	var found []tasks.State
	for _, r := range receipts {
		found = append(found, s.all[r.Queue+"/"+r.ID])
	}
	return found, s.err
}

func TestAJournalIsKeptAsLongAsTheResult(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		for state, tc := range map[string]struct{ retention, kept time.Duration }{
			"succeeded": {time.Hour, time.Hour},
			"gone":      {time.Hour, time.Hour},
			"nothing":   {0, 0},
			"running":   {time.Hour, time.Hour + keptEnded}, // it may come back
			"retrying":  {time.Hour, time.Hour + keptEnded},
			"parked":    {time.Hour, time.Hour + keptEnded},
			"failed":    {time.Hour, keptOpen},
			"cancelled": {time.Hour, keptOpen},
		} {
			client.Del(t.Context(), newDesk(t, client).store.key(run))
			d, ctx := newDesk(t, client), t.Context()
			j, pass := d.attempt(1)
			d.do(j, "search", false)
			if err := j.End(ctx, nil, tc.retention); err != nil {
				t.Fatal(err)
			}
			pass.Leave(false)
			now := &queues{err: errors.New("redis away")}
			d.store.trim(ctx, now)
			if kept := client.PTTL(ctx, d.store.key(run)).Val(); kept < keptEnded-time.Minute {
				t.Errorf("%s: kept for %s, and nobody knows what became of the task", state, kept)
			}
			now.err, now.all = nil, map[string]tasks.State{run.Task: tasks.State(strings.ReplaceAll(strings.ReplaceAll(state, "nothing", "succeeded"), "gone", ""))}
			d.store.trim(ctx, now)
			kept := max(client.PTTL(ctx, d.store.key(run)).Val(), 0)
			if kept > tc.kept || kept < tc.kept-time.Minute {
				t.Errorf("%s: kept for %s, want %s", state, kept, tc.kept)
			}
			if left := len(d.store.over.take()); left != map[bool]int{true: 1}[state == "running" || state == "retrying" || state == "parked"] {
				t.Errorf("%s: %d tasks are looked after", state, left)
			}
		}
	})
}
