package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"switchyard/internal/tasks"
)

// The kinds that the workers of the tests perform.
type (
	echo struct {
		X json.RawMessage `json:"x"`
		Y json.RawMessage `json:"y,omitempty"`
	}
	add struct {
		X int `json:"x"`
		Y int `json:"y"`
	}
	total struct {
		Xs []int `json:"xs"`
		Y  int   `json:"y,omitempty"`
	}
	fail struct {
		X    any    `json:"x,omitempty"`
		Text string `json:"text"`
	}
	flaky struct {
		Fails int `json:"fails"`
	}
	nap struct {
		Seconds float64 `json:"seconds"`
	}
	steps struct {
		N int `json:"n"`
	}
	mark struct {
		File string `json:"file"`
		Text string `json:"text"`
		// Seconds is how long it takes.
		Seconds float64 `json:"seconds,omitempty"`
	}
)

// kinds returns their definitions.
func kinds() []tasks.Definition {
	return []tasks.Definition{
		tasks.Define("scrape_echo", 1, func(_ context.Context, _ *tasks.Task, a echo) (any, error) { return a.X, nil }),
		tasks.Define("scrape_add", 1, func(_ context.Context, _ *tasks.Task, a add) (any, error) { return a.X + a.Y, nil }),
		tasks.Define("scrape_total", 1, func(_ context.Context, _ *tasks.Task, a total) (any, error) {
			sum := a.Y
			for _, x := range a.Xs {
				sum += x
			}
			return sum, nil
		}),
		tasks.Define("scrape_fail", 1, func(_ context.Context, _ *tasks.Task, a fail) (any, error) {
			return nil, tasks.Permanent(errors.New(a.Text))
		}),
		tasks.Define("scrape_flaky", 1, func(_ context.Context, t *tasks.Task, a flaky) (any, error) {
			if t.Attempt <= a.Fails {
				return nil, tasks.RetryAfter(300*time.Millisecond, fmt.Errorf("attempt %d fails", t.Attempt))
			}
			return t.Attempt, nil
		}),
		tasks.Define("scrape_nap", 1, func(ctx context.Context, _ *tasks.Task, a nap) (any, error) {
			if err := tasks.Sleep(ctx, time.Duration(a.Seconds*float64(time.Second))); err != nil {
				return nil, context.Cause(ctx)
			}
			return "slept", nil
		}),
		tasks.Define("scrape_steps", 1, func(ctx context.Context, t *tasks.Task, a steps) (any, error) {
			for i := range a.N {
				text, _ := json.Marshal(map[string]int{"current": i + 1, "total": a.N})
				if err := tasks.MeansOf(ctx).KeepProgress(ctx, t, text); err != nil {
					return nil, err
				}
				if err := tasks.Sleep(ctx, 150*time.Millisecond); err != nil {
					return nil, err
				}
			}
			return a.N, nil
		}),
		tasks.Define("scrape_mark", 1, func(ctx context.Context, _ *tasks.Task, a mark) (any, error) {
			file, err := os.OpenFile(a.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				return nil, tasks.Permanent(err)
			}
			_, err = file.WriteString(a.Text + "\n")
			if err = errors.Join(err, file.Close()); err != nil {
				return nil, err
			}
			return a.Text, tasks.Sleep(ctx, time.Duration(a.Seconds*float64(time.Second)))
		}),
	}
}
