package survey

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	door "switchyard/internal/celery"
)

const (
	// binding is what kombu has before the name of an exchange in the key of its bindings.
	binding = "_kombu.binding."
	// mostScanned bounds the keys of the broker that are gone through to find some.
	mostScanned = 2_000_000
)

// findQueues finds the queues that there are: those of the configuration, of the workers, and what kombu
// has bound.
func (s *survey) findQueues(ctx context.Context) error {
	names := map[string]bool{s.DefaultQueue: true}
	for _, w := range s.Workers {
		for _, q := range w.Queues {
			names[q] = true
		}
	}
	for _, q := range s.Queues {
		names[q], names[q+s.PythonSuffix] = true, true
	}
	for _, q := range s.Routes {
		names[q] = true
	}
	keys, err := s.scan(ctx, "*"+binding+"*", "set")
	if err != nil {
		return err
	}
	var others []string
	bound := false
	for _, key := range keys {
		prefix, _, _ := strings.Cut(key, binding)
		if prefix != s.Broker.KeyPrefix {
			others = append(others, prefix)
			continue
		}
		bound = true
		if err := s.readBinding(ctx, key, names); err != nil {
			return err
		}
	}
	slices.Sort(others)
	switch {
	case bound:
	case len(others) > 0:
		s.wrong("the keys of Celery begin with %q here, and celery.key_prefix is %q: give it the application's global_keyprefix", slices.Compact(others), s.Broker.KeyPrefix)
	default:
		s.wrong("nothing of Celery is in the broker: see to celery.broker and its database")
	}
	s.queues = slices.Sorted(maps.Keys(names))
	return nil
}

// readBinding adds the queues that are bound to an exchange.
func (s *survey) readBinding(ctx context.Context, key string, names map[string]bool) error {
	exchange := strings.TrimPrefix(key, s.Broker.KeyPrefix+binding)
	if strings.HasSuffix(exchange, ".pidbox") || strings.HasPrefix(exchange, "celeryev") {
		return nil
	}
	members, _, err := s.Broker.Redis.SScan(ctx, key, 0, "", 1000).Result()
	if err != nil {
		return fmt.Errorf("read the queues of Celery's exchange %s: %w", exchange, err)
	}
	for _, member := range members {
		parts := strings.Split(member, s.Broker.Separator) // routing key, pattern, queue
		if len(parts) != 3 {
			s.wrong("the exchange %s is bound as %q, and celery.separator is %q: give it sep of the application's broker_transport_options", exchange, member, s.Broker.Separator)
			continue
		}
		names[parts[2]] = true
	}
	return nil
}

// findLists looks into the lists of the queues.
func (s *survey) findLists(ctx context.Context) error {
	known := map[string]bool{}
	for _, queue := range s.queues {
		for _, list := range s.Broker.Lists(queue) {
			known[list] = true
			if err := s.readList(ctx, queue, list); err != nil {
				return err
			}
		}
	}
	keys, err := s.scan(ctx, "*", "list")
	if err != nil {
		return err
	}
	for _, key := range keys {
		rest, named := strings.CutPrefix(key, s.Broker.KeyPrefix)
		queue, step, stepped := strings.Cut(rest, s.Broker.Separator)
		if _, err := strconv.Atoi(step); named && stepped && err == nil && !known[key] && slices.Contains(s.queues, queue) {
			s.wrong("the list %q is of none of celery.priority_steps %v: give them those of the application's broker_transport_options", key, s.Broker.Steps)
		}
	}
	return s.findIntakes(ctx, keys)
}

// findIntakes finds messages that were taken in and that nobody will take on.
func (s *survey) findIntakes(ctx context.Context, keys []string) error {
	served := map[string]bool{}
	for _, queue := range s.Queues {
		for _, list := range s.Broker.Lists(queue) {
			served[door.Intake(s.Prefix, list)] = true
		}
	}
	for _, key := range keys {
		list, intake := strings.CutPrefix(key, door.Intake(s.Prefix, ""))
		if !intake || served[key] {
			continue
		}
		n, err := s.Broker.Redis.LLen(ctx, key).Result()
		if err != nil {
			return fmt.Errorf("count what is in %s: %w", key, err)
		}
		s.wrong("messages of %q that lie in %q since they were taken in: %d: name the queue in celery.queues until that list is empty", list, key, n)
	}
	return nil
}

// scan returns the keys of a type that match a pattern.
func (s *survey) scan(ctx context.Context, pattern, kind string) (keys []string, err error) {
	const page = 1000
	for cursor, pages := uint64(0), 0; ; pages++ {
		var found []string
		if found, cursor, err = s.Broker.Redis.ScanType(ctx, cursor, pattern, page, kind).Result(); err != nil {
			return nil, fmt.Errorf("go through the keys of Celery's broker: %w", err)
		}
		keys = append(keys, found...)
		if cursor == 0 {
			slices.Sort(keys)
			return slices.Compact(keys), nil
		}
		if pages*page > mostScanned {
			s.remark("the broker has more than %d keys: not all were looked at for queues that nobody names", mostScanned)
			return keys, nil
		}
	}
}

// findLeft counts what was refused, and sees who is on duty.
func (s *survey) findLeft(ctx context.Context) error {
	n, err := s.Broker.Redis.LLen(ctx, door.Dead(s.Prefix)).Result()
	if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") {
		return fmt.Errorf("count the messages of Celery that were refused: %w", err)
	}
	if n > 0 {
		s.remark("refused messages that are kept in %s: %d", door.Dead(s.Prefix), n)
	}
	if len(s.Queues) > 0 {
		s.OnDuty, err = door.OnDuty(ctx, s.Redis, s.Prefix)
	}
	return err
}
