package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"switchyard/internal/requests"
	"switchyard/internal/tasks"
)

// Keyed is the header of a request that is done once. It is exported for huma, see [Named].
type Keyed struct {
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"Names this request. If it is made again within a day, nothing is done again, and the answer is the same."`
}

func (Keyed) keyed() {}

// leaveWithin bounds how long it may take to let go of a request that was not answered.
const leaveWithin = time.Second

// once does what a request asks for, unless it has a key with which it was answered before. All that do
// adds or changes in Redis goes by the ID of the request, see [tasks.WithRequest]. So a server that is
// killed on the way, or two that are at it at once, have done it once or not at all. told says that
// the request was made before.
func once[T any](ctx context.Context, s *server, key string, asks any, do func(context.Context) (*T, error)) (out *T, told requests.Request, err error) {
	if key == "" {
		out, err = do(ctx)
		return out, told, err
	}
	told, err = s.Requests.Begin(ctx, CallerOf(ctx).ID, key, sumOf(ctx, asks))
	if err != nil {
		return nil, told, keyProblem(err)
	}
	if told.Answer != nil {
		out = new(T)
		if json.Unmarshal(told.Answer, out) != nil {
			return nil, told, keyProblem(requests.ErrUnreadable)
		}
		return out, told, nil
	}
	if out, err = do(tasks.WithRequest(ctx, told.ID)); err == nil {
		err = s.keep(ctx, told, out)
	}
	if err != nil {
		return nil, told, errors.Join(err, s.let(ctx, told, err))
	}
	return out, told, nil
}

// keep keeps an answer, or as much of it as is kept.
func (s *server) keep(ctx context.Context, r requests.Request, out any) error {
	if long, ok := out.(interface{ kept() any }); ok {
		out = long.kept()
	}
	text, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encode the answer to a request: %w", err)
	}
	return s.Requests.End(ctx, r, text)
}

// let lets go of a request that has failed. One that was refused may be mended and made again with the
// same key. One that Redis had no answer for is taken up at once by whoever repeats it.
func (s *server) let(ctx context.Context, r requests.Request, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin) // also for a caller who is gone
	defer cancel()
	var p *Problem
	if errors.As(asProblem(err), &p) && p.Status < http.StatusInternalServerError {
		return s.Requests.Forget(ctx, r)
	}
	_ = s.Requests.Leave(ctx, r) // Redis is away, most likely: it is left after a while by itself
	return nil
}

// onceTask is once for requests that are answered with a task. If it was made before, the task is told
// as it is now, as far as it is kept.
func (s *server) onceTask(ctx context.Context, key string, asks any, do func(context.Context) (*taskOutput, error)) (*taskOutput, error) {
	out, told, err := once(ctx, s, key, asks, do)
	if err != nil || !told.Again {
		return out, err
	}
	if told.Answer != nil {
		out.Replayed = "true"
		if out.Status == http.StatusCreated {
			out.Status = http.StatusOK
		}
	}
	now, err := s.after(ctx, tasks.Handled{}, tasks.Name{Queue: out.Body.Queue, ID: out.Body.ID}, tasks.Status{})
	if err != nil {
		return nil, err
	}
	if now.Body.ID != "" {
		out.Body = now.Body
	}
	if out.Status == http.StatusAccepted && out.Body.Ended {
		out.Status, out.RetryAfter = http.StatusOK, ""
	}
	return out, nil
}

// kept leaves out what may be large. It is read again with the task.
func (t *taskOutput) kept() any {
	kept := *t
	kept.Body.Payload, kept.Body.Progress, kept.Body.Result, kept.Body.Error, kept.Body.LastError = nil, nil, nil, nil, ""
	return kept
}

// settle gives a task of a request with a key an ID that is the same each time. at is its place in the body.
func settle(ctx context.Context, o *tasks.Options, at string) {
	if o.ID == "" && tasks.RequestOf(ctx) != "" {
		o.ID = tasks.NewID(ctx, at)
	}
}

// keyProblem returns the problem of a key that cannot be used.
func keyProblem(err error) error {
	switch {
	case errors.Is(err, requests.ErrBusy):
		return problem("key-in-progress", "a request with this Idempotency-Key is being answered: ask again").header("Retry-After", retryAfter)
	case errors.Is(err, requests.ErrOther):
		return problem("key-reused", "the Idempotency-Key was used for a request to another address or with another body: give each request a key of its own")
	case errors.Is(err, requests.ErrUnreadable):
		return problem("key-reused", "what is kept of the first request with this Idempotency-Key cannot be read: use another one")
	}
	return err
}

// sumOf returns a sum over what a request asks for: its method, its address and its body, whatever the
// white space.
func sumOf(ctx context.Context, body any) string {
	asked, _ := ctx.Value(askedKey{}).(string)
	text, _ := json.Marshal(body) // it was read from JSON
	return hexSum(append([]byte(asked+"\n"), text...))
}

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
