package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"
)

const (
	// tellEvery is how often at most a program's progress is told.
	tellEvery = 100 * time.Millisecond
	// tellWithin bounds the telling of what a program said last.
	tellWithin = 2 * time.Second
)

// progress is how far a model's run is.
type progress struct {
	Message string `json:"message,omitempty"`
	Done    int64  `json:"done,omitempty"`
	Total   int64  `json:"total,omitempty"`
}

// programProgress is how far a program says that it is.
type programProgress struct {
	Message string `json:"message,omitempty"`
	Done    amount `json:"done,omitempty"`
	Total   amount `json:"total,omitempty"`
}

// amount is a number of JSON that is not negative, as it is told: a whole one without point and
// exponent, if it can be; "" for none.
type amount string

// UnmarshalJSON implements [json.Unmarshaler].
func (a *amount) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if _, err := strconv.ParseUint(string(text), 10, 64); err == nil {
		*a = amount(text)
		return nil
	}
	// A string is not unquoted, and so no number.
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || n < 0 {
		return fmt.Errorf("done or total is %.40s: give a number of 0 or more", text)
	}
	if n = math.Abs(n); n == math.Trunc(n) && n < 1<<53 { // not a zero with a sign
		*a = amount(strconv.FormatUint(uint64(n), 10))
		return nil
	}
	told, err := json.Marshal(n)
	*a = amount(told)
	return err
}

// MarshalJSON implements [json.Marshaler].
func (a amount) MarshalJSON() ([]byte, error) { return []byte(a), nil }

// teller tells a program's progress, not more often than is good for those who hear it. What
// comes too soon replaces what waits, and is told later. It is safe for concurrent use.
type teller struct {
	tell func(ctx context.Context, p programProgress)
	ctx  context.Context

	mu      sync.Mutex
	told    time.Time
	waiting *programProgress
	timer   *time.Timer // set while something waits
	ended   bool
	late    sync.WaitGroup // the timer's goroutine
}

// take tells p, now or later.
func (t *teller) take(p programProgress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	if t.timer != nil {
		t.waiting = &p
		return
	}
	if wait := tellEvery - time.Since(t.told); wait > 0 {
		t.waiting = &p
		t.late.Add(1)
		t.timer = time.AfterFunc(wait, t.tellLate)
		return
	}
	t.told = time.Now()
	t.tell(t.ctx, p)
}

// tellLate tells what waits.
func (t *teller) tellLate() {
	defer t.late.Done()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return
	}
	t.tell(t.ctx, *t.waiting)
	t.waiting, t.timer, t.told = nil, nil, time.Now()
}

// end tells what still waits, also of a run that has been stopped, and nothing after it.
func (t *teller) end() {
	t.mu.Lock()
	t.ended = true
	if t.timer != nil && t.timer.Stop() {
		t.late.Done()
	}
	last := t.waiting
	t.mu.Unlock()
	t.late.Wait()
	if last == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), tellWithin)
	defer cancel()
	t.tell(ctx, *last)
}
