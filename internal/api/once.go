package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks"
)

const (
	// keptFor is how long a key of a request is known.
	keptFor = 24 * time.Hour
	// pendingFor is after how long a request that was never answered is taken for one whose server
	// was killed. Whoever repeats it then sends the same task, by the same ID.
	pendingFor = 30 * time.Second
)

// remembered is what is kept of a request that had a key.
type remembered struct {
	Sum  string    `json:"sum"` // over the body
	ID   string    `json:"id"`  // of its task
	At   time.Time `json:"at"`
	Task *Task     `json:"task,omitempty"` // once it is sent
}

// addOnce sends a task unless a request with the same key has done so. The ID of the task is
// settled before anything is sent, so that a server that is killed on the way has sent it once or
// not at all.
func (s *server) addOnce(ctx context.Context, key string, n New) (*taskOutput, error) {
	name := s.keyOf(callerOf(ctx), key)
	mine := remembered{Sum: sumOf(n), ID: n.ID, At: time.Now().UTC()}
	if n.ID == "" {
		mine.ID = uuid.NewString()
		n.ID = mine.ID
	}
	first, err := s.remember(ctx, name, mine)
	if err != nil {
		return nil, err
	}
	if first != nil {
		return s.addAgain(ctx, name, *first, mine, n)
	}
	return s.addAs(ctx, name, mine, n)
}

// addAgain answers a request whose key is known.
func (s *server) addAgain(ctx context.Context, name string, first, mine remembered, n New) (*taskOutput, error) {
	switch {
	case first.Sum != mine.Sum:
		return nil, problem("key-reused", "the Idempotency-Key was used for a request with another body: give each request a key of its own")
	case first.Task != nil:
		return s.answerAgain(ctx, first)
	case time.Since(first.At) < pendingFor:
		return nil, problem("key-in-progress", "a request with this Idempotency-Key is being answered: ask again").header("Retry-After", retryAfter)
	}
	n.ID = first.ID
	return s.addAs(ctx, name, first, n)
}

// addAs sends the task and remembers that it is sent. A request that is refused is forgotten: it
// may be repeated once it is mended.
func (s *server) addAs(ctx context.Context, name string, r remembered, n New) (*taskOutput, error) {
	out, err := s.add(ctx, n)
	var told *Problem
	if errors.As(err, &told) || tasks.IsPermanent(err) {
		return nil, errors.Join(err, s.Redis.Del(ctx, name).Err())
	}
	if err != nil {
		return nil, err
	}
	task := out.Body
	r.Task = &task
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the answer to a request: %w", err)
	}
	return out, s.Redis.Set(ctx, name, text, keptFor).Err()
}

// answerAgain answers with the task as it is now, or as it was sent if nothing is kept of it.
func (s *server) answerAgain(ctx context.Context, r remembered) (*taskOutput, error) {
	out := &taskOutput{Status: http.StatusOK, Location: r.Task.Links.Self, Replayed: "true", Body: *r.Task}
	status, found, err := s.Queue.Status(ctx, r.Task.Queue, r.Task.ID)
	if err == nil && found {
		out.Body = TaskOf(status)
	}
	return out, err
}

// remember notes a request, and returns the first one with its key if there was one.
func (s *server) remember(ctx context.Context, name string, r remembered) (*remembered, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a request: %w", err)
	}
	for {
		noted, err := s.Redis.SetNX(ctx, name, text, keptFor).Result()
		if err != nil || noted {
			return nil, err
		}
		known, err := s.Redis.Get(ctx, name).Bytes()
		if errors.Is(err, redis.Nil) {
			continue // it was refused, or is over, between the two
		}
		if err != nil {
			return nil, err
		}
		var first remembered
		if err := json.Unmarshal(known, &first); err != nil {
			return nil, problem("key-reused", "what is kept of the first request with this Idempotency-Key cannot be read: use another one")
		}
		return &first, nil
	}
}

// keyOf returns where a request is remembered. Keys are a caller's own.
func (s *server) keyOf(c *Caller, key string) string {
	return s.Prefix + "request:" + c.ID + ":" + hexSum([]byte(key))
}

// sumOf returns a sum over what a request asks for.
func sumOf(n New) string {
	var compact bytes.Buffer
	if json.Compact(&compact, n.Payload) == nil {
		n.Payload = compact.Bytes()
	}
	text, _ := json.Marshal(n) // it was read from JSON
	return hexSum(text)
}

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// sameJSON reports whether two payloads say the same, but for white space.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, orEmpty(a)) != nil || json.Compact(&y, orEmpty(b)) != nil {
		return bytes.Equal(a, b)
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}

func orEmpty(payload []byte) []byte {
	if len(bytes.TrimSpace(payload)) == 0 {
		return []byte("{}")
	}
	return payload
}
