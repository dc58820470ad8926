package queue

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/telemetry"
	"switchyard/test/redistest"
)

func TestTheTasksOfAShareOfTheUsersGoToTheCanary(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		r := newRig(t, client, nil, handlers{"agent_a": nothing})
		queues := append([]string{"canary"}, queues...)
		table, err := routing.New(queues, []routing.Rule{{Pattern: "agent_*", Queue: "canary", Share: "50%"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := NewClient(client, table, r.Catalog, queues, telemetry.None())
		for user, want := range map[string]string{"lee": "canary", "bob": "agents", "": "agents"} {
			receipt, err := c.Enqueue(t.Context(), note{As: "agent_a", User: user}, tasks.Options{})
			if err != nil || receipt.Queue != want {
				t.Errorf("a task of %q is in %s, %v; want %s", user, receipt.Queue, err, want)
			}
			if s, found, err := c.StatusByKind(t.Context(), "agent_a", receipt.ID); err != nil || !found || s.Queue != want {
				t.Errorf("the task of %q is found in %q: %v, %v", user, s.Queue, found, err)
			}
		}
		receipt, err := c.Enqueue(t.Context(), note{As: "agent_a", User: "lee"}, tasks.Options{Queue: "agents"})
		if err != nil || receipt.Queue != "agents" {
			t.Errorf("a task whose queue is given is in %s, %v", receipt.Queue, err)
		}
	})
}
