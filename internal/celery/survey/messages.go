package survey

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	door "switchyard/internal/celery"
)

const (
	// mostSeen and mostBytes bound what is read of a list, page at a time.
	mostSeen, mostBytes, page = 200, 16 << 20, 20
	// unackedKey is the hash of what Celery's workers have not acknowledged.
	unackedKey = "unacked"
)

// sample is a message that was seen, in a list of a queue or with a worker of Celery.
type sample struct{ queue, text string }

// readList sees the messages of a list that are served next.
func (s *survey) readList(ctx context.Context, queue, list string) error {
	size, err := s.Broker.Redis.LLen(ctx, list).Result()
	if redis.HasErrorPrefix(err, "WRONGTYPE") {
		s.wrong("the key %q is no list, so the queue %s cannot be served: rename or delete it", list, queue)
		return nil
	}
	if err != nil {
		return fmt.Errorf("count the messages of %q: %w", list, err)
	}
	if size == 0 {
		return nil
	}
	seen, bytes := 0, 0
	for seen < mostSeen && bytes < mostBytes {
		texts, err := s.Broker.Redis.LRange(ctx, list, int64(-seen-page), int64(-seen-1)).Result()
		if err != nil {
			return fmt.Errorf("look at the messages of %q: %w", list, err)
		}
		for _, text := range slices.Backward(texts) {
			s.messages = append(s.messages, sample{queue, text})
			bytes += len(text)
		}
		if seen += len(texts); len(texts) < page {
			break
		}
	}
	s.Lists = append(s.Lists, List{queue, list, size, seen})
	return nil
}

// findUnacked sees what Celery's workers have and may give back.
func (s *survey) findUnacked(ctx context.Context) error {
	key := s.Broker.KeyPrefix + unackedKey
	n, err := s.Broker.Redis.HLen(ctx, key).Result()
	if redis.HasErrorPrefix(err, "WRONGTYPE") {
		s.remark("the key %q is no hash: kombu cannot keep in it what is not acknowledged", key)
		return nil
	}
	if err != nil {
		return fmt.Errorf("count the messages that Celery's workers have: %w", err)
	}
	s.Unacked = n
	if n == 0 {
		return nil
	}
	s.remark("messages that Celery's workers have: %d; those that are not acknowledged come back after the visibility timeout", n)
	fields, _, err := s.Broker.Redis.HScan(ctx, key, 0, "", mostSeen).Result()
	if err != nil {
		return fmt.Errorf("look at the messages that Celery's workers have: %w", err)
	}
	for i := 1; i < len(fields) && i < 2*mostSeen; i += 2 {
		var kept []json.RawMessage // message, exchange, routing key
		var queue string
		if json.Unmarshal([]byte(fields[i]), &kept) == nil && len(kept) == 3 && json.Unmarshal(kept[2], &queue) == nil {
			s.messages = append(s.messages, sample{queue, string(kept[0])})
		}
	}
	return nil
}

// foresee counts what would become of the messages.
func (s *survey) foresee(now time.Time) {
	all := map[[3]string]*Found{}
	for _, one := range s.messages {
		f := s.one(one, now)
		key := [3]string{f.Queue, f.Task, f.Fate}
		if all[key] == nil {
			all[key] = &f
		}
		all[key].Seen++
	}
	for _, f := range all {
		s.Found = append(s.Found, *f)
	}
	slices.SortFunc(s.Found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Queue, b.Queue), cmp.Compare(a.Task, b.Task), cmp.Compare(a.Fate, b.Fate))
	})
}

// one says what becomes of a message.
func (s *survey) one(m sample, now time.Time) Found {
	seen := s.Foresee(m.text, now)
	f := Found{Queue: m.queue, Task: cmp.Or(seen.Task, "-"), Fate: "left to Celery's workers"}
	if of, onward := strings.CutSuffix(m.queue, s.PythonSuffix); onward && slices.Contains(s.Queues, of) {
		return f // it was passed on
	}
	if seen.Here && seen.Why == nil {
		seen.Why = s.Check(seen.Kind.Name, payloadOf(seen.New))
	}
	taken := slices.Contains(s.Queues, m.queue)
	switch {
	case seen.Why != nil && (taken || seen.Here):
		f.Fate, f.Why = "refused", seen.Why.Error()
	case seen.Here && taken:
		f.Fate, f.kind = s.becomes(seen), seen.Kind.Name
	case seen.Here:
		f.Fate, f.kind = fmt.Sprintf("%s; here it is %s", f.Fate, s.becomes(seen)), seen.Kind.Name
	case taken:
		f.Fate, f.passed = "passed on to "+m.queue+s.PythonSuffix, true
	}
	return f
}

// becomes says which task a message becomes.
func (s *survey) becomes(seen door.Foreseen) string {
	text := seen.Kind.Name + " in " + seen.Kind.Queue
	if seen.Kind.Percent < 100 {
		text += fmt.Sprintf(" (share %d%%)", seen.Kind.Percent)
	}
	return text
}
