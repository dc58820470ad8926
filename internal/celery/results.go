package celery

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/broker"
	"switchyard/internal/celery/wire"
)

// partPatience is for how long a chord is left to others whose size came after all its parts.
const partPatience = 2 * time.Second

var (
	//go:embed meta.lua
	metaLua string
	//go:embed part.lua
	partLua string

	metaScript = redis.NewScript(metaLua)
	partScript = redis.NewScript(partLua)
)

// results are what Celery's clients read of tasks and groups.
type results struct {
	redis   redis.UniversalClient
	prefix  string // of Celery's keys
	ours    string // of our own
	expires time.Duration
}

// seconds returns for how long results are kept, 0 for ever.
func (r *results) seconds() int64 { return int64(r.expires.Seconds()) }

// textItem is a key and the place of its text as a script is told of them.
type textItem struct {
	Key  string `json:"key"`
	Text int    `json:"text"`
}

// write writes metas, none of them over a final one. It returns for each why it could not be written.
func (r *results) write(ctx context.Context, metas []wire.Meta) ([]error, error) {
	errs := make([]error, len(metas))
	if len(metas) == 0 {
		return errs, nil
	}
	items, args := make([]textItem, len(metas)), make([]any, 1, len(metas)+1)
	for i, m := range metas {
		args = append(args, m.Encode())
		items[i] = textItem{wire.MetaKey(r.prefix, m.ID), len(args)}
	}
	args[0], _ = json.Marshal(map[string]any{"for": r.seconds(), "items": items}) // always has a text
	became, err := metaScript.Run(ctx, r.redis, nil, args...).Slice()
	if err != nil {
		return errs, fmt.Errorf("write results of Celery: %w", err)
	}
	for i, said := range became {
		if text, wrong := said.(string); wrong {
			errs[i] = fmt.Errorf("write the result of task %s of Celery: %s", metas[i].ID, text)
		}
	}
	return errs, nil
}

// prepare writes what the chords and groups that are about to be sent need.
func (r *results) prepare(ctx context.Context, p wire.Plan) error {
	if len(p.Saved)+len(p.Sizes) == 0 {
		return nil
	}
	_, err := r.redis.Pipelined(ctx, func(to redis.Pipeliner) error {
		for _, saved := range p.Saved {
			to.Set(ctx, wire.KeysOfGroup(r.prefix, saved.Group).Saved, []byte(saved.Value), r.expires)
		}
		for _, size := range p.Sizes {
			to.Set(ctx, wire.KeysOfGroup(r.prefix, size.Group).Size, strconv.Itoa(size.Size), r.expires)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the size of a chord of Celery: %w", err)
	}
	return nil
}

// chordState says what a part makes of its chord.
type chordState struct {
	ready   bool
	unsized bool // nobody can say yet
	saved   json.RawMessage
	parts   []wire.Part
}

// give returns a part to its chord.
func (r *results) give(ctx context.Context, part wire.Part) (chordState, error) {
	keys := wire.KeysOfGroup(r.prefix, part.Group)
	place := "+inf"
	if part.Index != nil {
		place = strconv.Itoa(*part.Index)
	}
	call, _ := json.Marshal(map[string]any{ // always has a text
		"parts": keys.Parts, "size": keys.Size, "extra": keys.Extra, "saved": keys.Saved, "ours": r.chordKey(part.Group),
		"id": part.ID, "place": place, "for": r.seconds(), "known": int64(broker.MarkFor.Seconds()), "patience": partPatience.Milliseconds(),
	})
	said, err := partScript.Run(ctx, r.redis, nil, call, part.Encode()).StringSlice()
	if err != nil {
		return chordState{}, fmt.Errorf("return the part of task %s to its chord %s: %w", part.ID, part.Group, err)
	}
	if said[0] != "ready" {
		return chordState{unsized: said[0] == "unsized"}, nil
	}
	state := chordState{ready: true}
	if said[1] != "" {
		state.saved = json.RawMessage(said[1])
	}
	for _, text := range said[2:] {
		one, err := wire.DecodePart([]byte(text))
		if err != nil { // as good as one that failed: the body cannot have its result
			one = wire.Part{ID: "?", State: wire.Failure, Result: wire.Failed{Exception: wire.ValueError, Messages: []string{err.Error()}}.Result()}
		}
		state.parts = append(state.parts, one)
	}
	return state, nil
}

// done notes that the body of a chord was sent, and removes its parts, as Celery does.
func (r *results) done(ctx context.Context, group string) error {
	keys := wire.KeysOfGroup(r.prefix, group)
	_, err := r.redis.TxPipelined(ctx, func(to redis.Pipeliner) error {
		to.HSet(ctx, r.chordKey(group), "state", "sent")
		to.Expire(ctx, r.chordKey(group), broker.MarkFor)
		to.Del(ctx, keys.Parts, keys.Extra, keys.Size)
		return nil
	})
	if err != nil {
		return fmt.Errorf("end chord %s: %w", group, err)
	}
	return nil
}

func (r *results) chordKey(group string) string { return r.ours + "celery:chord:" + group }
