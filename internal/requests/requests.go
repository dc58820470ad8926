// Package requests knows the requests that have a key, so that whoever gets no answer can make the same
// request again: it is done once, and answered as the first time.
package requests

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// What else may be said of a request that is made.
var (
	// ErrBusy says that somebody is at the request.
	ErrBusy = errors.New("a request with this key is being answered")
	// ErrOther says that the key is that of another request.
	ErrOther = errors.New("the key was used for another request")
	// ErrUnreadable says that what is kept under the key is no request.
	ErrUnreadable = errors.New("what is kept of the first request with this key cannot be read")
)

const (
	// knownFor is how long a request is known.
	knownFor = 24 * time.Hour
	// busyFor is after how long a request that was not answered is taken for one whose server was
	// killed. Should that server still be at it, the tasks themselves know what was done.
	busyFor = 10 * time.Second
)

//go:embed begin.lua
var beginLua string

var beginScript = redis.NewScript(beginLua)

// Store knows requests. It is safe for concurrent use.
type Store struct {
	redis  redis.UniversalClient
	prefix string
}

// NewStore returns the store whose keys begin with prefix.
func NewStore(client redis.UniversalClient, prefix string) *Store { return &Store{client, prefix} }

// Request is a request that was taken up, or one that was answered before.
type Request struct {
	// ID is the same each time that the request is made. All that it does is to follow from it.
	ID uuid.UUID
	// Again says that the request was made before.
	Again bool
	// Answer is how it was answered; nil if it is still to be.
	Answer []byte
	name   string
	sum    string
}

// Begin takes up a request of a caller: what it asks for is told by sum. Keys are a caller's own. The
// error is [ErrBusy], [ErrOther], [ErrUnreadable] or Redis's.
func (s *Store) Begin(ctx context.Context, caller, key, sum string) (Request, error) {
	hash := sha256.Sum256([]byte(key))
	r := Request{name: s.prefix + "request:" + caller + ":" + hex.EncodeToString(hash[:16]), sum: sum}
	call, err := json.Marshal(map[string]any{
		"sum": sum, "id": uuid.NewString(), "busy": busyFor.Milliseconds(), "known": int64(knownFor.Seconds()),
	})
	if err != nil {
		return r, fmt.Errorf("encode a request: %w", err)
	}
	said, err := beginScript.Run(ctx, s.redis, []string{r.name}, call).StringSlice()
	if err != nil {
		return r, fmt.Errorf("begin a request: %w", err)
	}
	return r.read(said)
}

// read reads what the script says of a request.
func (r Request) read(said []string) (Request, error) {
	switch said[0] {
	case "busy":
		return r, ErrBusy
	case "other":
		return r, ErrOther
	case "answered":
		r.Again, r.Answer = true, []byte(said[1])
		return r, nil
	case "begun", "again":
		id, err := uuid.Parse(said[1])
		if err == nil {
			r.ID, r.Again = id, said[0] == "again"
			return r, nil
		}
	}
	return r, ErrUnreadable
}

// End keeps the answer to a request. The first answer stays.
func (s *Store) End(ctx context.Context, r Request, answer []byte) error {
	return s.write(ctx, r, "keep the answer to", func(p redis.Pipeliner) { p.HSetNX(ctx, r.name, "answer", answer) })
}

// Leave lets whoever makes the request again take it up at once: it was not answered.
func (s *Store) Leave(ctx context.Context, r Request) error {
	return s.write(ctx, r, "leave", func(p redis.Pipeliner) { p.HSet(ctx, r.name, "busy", 0) })
}

// write changes what is kept of a request, and has it be whole should it be gone by now.
func (s *Store) write(ctx context.Context, r Request, does string, change func(redis.Pipeliner)) error {
	_, err := s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, r.name, "sum", r.sum, "id", r.ID.String())
		change(p)
		p.Expire(ctx, r.name, knownFor)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s a request: %w", does, err)
	}
	return nil
}

// Forget has the key be free again: the request was refused, and nothing was done.
func (s *Store) Forget(ctx context.Context, r Request) error {
	if err := s.redis.Del(ctx, r.name).Err(); err != nil {
		return fmt.Errorf("forget a request: %w", err)
	}
	return nil
}
