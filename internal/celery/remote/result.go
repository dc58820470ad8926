package remote

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/celery/wire"
)

const (
	// maxMeta bounds what is read of a result, in bytes. What a task may return is less.
	maxMeta = 4 << 20
	// maxHead is how much of it is read to see whether it is there. Its status stands first.
	maxHead = 4 << 10
	// maxSays bounds what is told of an exception, in bytes.
	maxSays = 1500
)

//go:embed read.lua
var readLua string

var readScript = redis.NewScript(readLua)

// verdict is what a result says of its attempt.
type verdict struct {
	is    outcome
	value json.RawMessage // of one that has succeeded
	says  string          // of all others
}

// outcome is what has become of a call.
type outcome int

const (
	unknown outcome = iota // there is no result yet
	succeeded
	raised  // it has failed
	revoked // somebody does not want it any more
	expired // it was not begun in time
	unfit   // nobody here can read the result
)

// look reads the result of a call. The error says that the backend does not answer.
func (r *Remote) look(ctx context.Context, c call) (verdict, error) {
	metas, err := r.read(ctx, maxMeta+1, c.ID)
	if err != nil {
		return verdict{}, err
	}
	if metas[0] == nil {
		key := wire.MetaKey(r.ResultPrefix, c.ID)
		return verdict{is: unfit, says: "key " + key + " in the backend of Celery is no string: rename or delete it"}, nil
	}
	return judge(c.ID, *metas[0]), nil
}

// read returns the beginnings of results, "" for one that is not there, nil for what is none.
func (r *Remote) read(ctx context.Context, most int, ids ...string) ([]*string, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = wire.MetaKey(r.ResultPrefix, id)
	}
	ask, _ := json.Marshal(map[string]any{"keys": keys, "most": most}) // always has a text
	answer, err := readScript.Run(ctx, r.Backend, nil, ask).Slice()
	if err != nil || len(answer) != len(ids) {
		return nil, fmt.Errorf("read the results of %d tasks of Celery: %w", len(ids), err)
	}
	metas := make([]*string, len(ids))
	for i, said := range answer {
		if text, is := said.(string); is {
			metas[i] = &text
		}
	}
	return metas, nil
}

// judge says what a result means.
func judge(id, text string) verdict {
	switch {
	case text == "":
		return verdict{}
	case len(text) > maxMeta:
		return verdict{is: unfit, says: fmt.Sprintf("the result of task %s of Celery has more than %d MiB: store the data and return a reference", id, maxMeta>>20)}
	}
	m, err := wire.DecodeMeta([]byte(text))
	if err != nil {
		return verdict{is: unfit, says: fmt.Sprintf("task %s of Celery: %v", id, err)}
	}
	class, says := "", ""
	if m.Status == wire.Failure || m.Status == wire.Revoked {
		class, says = m.Exception()
		says = clip(says, maxSays)
	}
	switch {
	case m.Status == wire.Success:
		if err := m.StrictResult(); err != nil {
			return verdict{is: unfit, says: fmt.Sprintf("task %s of Celery: %v", id, err)}
		}
		return verdict{is: succeeded, value: m.Result}
	case m.Status == wire.Failure:
		return verdict{is: raised, says: strings.TrimSuffix(class+": "+says, ": ")}
	case m.Status == wire.Revoked && says == "expired":
		return verdict{is: expired, says: fmt.Sprintf("task %s of Celery expired before a worker of Celery began it", id)}
	case m.Status == wire.Revoked:
		return verdict{is: revoked, says: fmt.Sprintf("task %s of Celery was revoked there (%s)", id, says)}
	}
	return verdict{}
}

// progressOf returns what a result says that is none yet: what a task notes as PROGRESS as it is, every
// other state with its name. It is nil if it says nothing that can be shown.
func progressOf(text string) []byte {
	m, err := wire.DecodeMeta([]byte(text))
	if err != nil || wire.Final(m.Status) || m.Status == "PENDING" || m.StrictResult() != nil {
		return nil
	}
	if m.Status == "PROGRESS" && m.Result != nil {
		return m.Result
	}
	shown := map[string]any{"state": m.Status}
	if m.Result != nil {
		shown["info"] = m.Result
	}
	progress, err := json.Marshal(shown)
	if err != nil {
		return nil
	}
	return progress
}

// isFinal reports whether the beginning of a result says that it is one, and whether it can be told: a
// result may begin with something else than its status.
func isFinal(head string) (final, told bool) {
	if rest, found := strings.CutPrefix(head, `{"status": "`); found {
		status, _, _ := strings.Cut(rest, `"`)
		return wire.Final(status), true
	}
	m, err := wire.DecodeMeta([]byte(head))
	return wire.Final(m.Status), err == nil
}

// value returns what a task has returned, nil for null.
func value(v verdict) any {
	if v.value == nil {
		return nil
	}
	return v.value
}

// clip returns the beginning of a text.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
