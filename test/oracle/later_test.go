package oracle

import (
	"slices"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/queue/format"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
)

// laterField is a field of a task's hash that a later release may write.
const laterField = "of_a_later_release"

// writeLater writes it into all tasks that have been added, and returns their IDs.
var writeLater = redis.NewScript(`
local written = {}
for _, list in ipairs({"pending", "active"}) do
	for _, id in ipairs(redis.call("LRANGE", KEYS[1] .. list, 0, -1)) do
		redis.call("HSET", KEYS[1] .. "t:" .. id, ARGV[1], "kept")
		written[#written + 1] = id
	end
end
for _, id in ipairs(redis.call("ZRANGE", KEYS[1] .. "scheduled", 0, -1)) do
	redis.call("HSET", KEYS[1] .. "t:" .. id, ARGV[1], "kept")
	written[#written + 1] = id
end
return written
`)

// later adds tasks as a later release does, and has them performed by a side of today.
type later struct {
	side
	redis   redis.UniversalClient
	written map[string]bool // IDs
}

func (s later) add(t *testing.T, p probe, opts tasks.Options) {
	t.Helper()
	s.side.add(t, p, opts)
	ids, err := writeLater.Run(t.Context(), s.redis, []string{format.Key(routing.Agents, "")}, laterField).StringSlice()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		s.written[id] = true
	}
}

// TestATransitionKeepsTheFieldsOfALaterRelease has tasks with a field that nobody here knows go through every
// transition, by our lanes and by asynq's own server.
func TestATransitionKeepsTheFieldsOfALaterRelease(t *testing.T) {
	t.Parallel()
	runBoth(t, func(t *testing.T, client redis.UniversalClient) {
		for name, by := range map[string]struct {
			side        func(*testing.T, redis.UniversalClient, routing.Patch, handler) side
			transitions []transition
		}{
			"ours":   {newOurs, slices.Concat(adding, running, failing, waiting)},
			"asynqs": {newHost, slices.Concat(running, failing)},
		} {
			checked := 0
			for _, tr := range by.transitions {
				t.Run(name+"/"+tr.name, func(t *testing.T) {
					written := map[string]bool{}
					tr.perform(t, client, func(t *testing.T, client redis.UniversalClient, policy routing.Patch, handle handler) side {
						return later{by.side(t, client, policy, handle), client, written}
					})
					for id := range written {
						fields := client.HGetAll(t.Context(), format.TaskKey(routing.Agents, id)).Val()
						if len(fields) > 0 && fields[laterField] != "kept" {
							t.Errorf("task %s has %v", id, fields)
						}
						checked += min(1, len(fields))
					}
				})
			}
			if checked < len(by.transitions)/2 {
				t.Errorf("%s: %d tasks are left in %d transitions: the test proves little", name, checked, len(by.transitions))
			}
		}
	})
}
