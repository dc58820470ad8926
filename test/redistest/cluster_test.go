package redistest

import (
	"context"
	"strconv"
	"testing"
)

func TestAClusterServesItsSlotsFromThreeMasters(t *testing.T) {
	cluster := StartCluster(t)
	client := Connect(t, cluster.URL)
	serving := make(map[*Process]bool)
	for n := range 100 {
		key := strconv.Itoa(n)
		if err := client.Set(t.Context(), key, n, 0).Err(); err != nil {
			t.Fatal(err)
		}
		serving[cluster.Master(t, key)] = true
	}
	if len(serving) != masters {
		t.Errorf("keys are spread over %d masters, want %d", len(serving), masters)
	}
	if err := client.MSet(t.Context(), "a", 1, "b", 2).Err(); err == nil {
		t.Error("keys of two slots were written at once")
	}
}

func TestAClusterAndItsClientGoOnWithoutAMaster(t *testing.T) {
	cluster := StartCluster(t)
	client := Connect(t, cluster.URL)
	if err := client.Set(t.Context(), "k", "before", 0).Err(); err != nil {
		t.Fatal(err)
	}
	stopped := cluster.StopMaster(t, "k")
	if stopped.Running() || cluster.Master(t, "k") == stopped {
		t.Error("the stopped master still serves")
	}
	// The client hears of the takeover from a node that is left.
	err := await(func(ctx context.Context) error { return client.Get(ctx, "k").Err() })
	if err != nil {
		t.Fatal(err)
	}
	if err := stopped.Start(); err != nil {
		t.Fatal(err)
	}
	cluster.AwaitOK(t)
	if cluster.Master(t, "k") == stopped {
		t.Error("the one that came back took over again")
	}
}
