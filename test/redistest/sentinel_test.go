package redistest

import (
	"context"
	"testing"
)

func TestAClientFindsTheMasterTheSentinelsName(t *testing.T) {
	group := StartSentinel(t)
	client := Connect(t, group.URL)
	if err := client.Set(t.Context(), "k", "before", 0).Err(); err != nil {
		t.Fatal(err)
	}
	killed := group.FailOver(t)
	if killed.Running() || group.Master(t) == killed {
		t.Error("the killed master is still named")
	}
	err := await(func(ctx context.Context) error { return client.Get(ctx, "k").Err() })
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	group.AwaitOK(t)
	if group.Master(t) == killed {
		t.Error("the one that came back is named again")
	}
}

func TestASentinelGroupFailsOverAgain(t *testing.T) {
	group := StartSentinel(t)
	for range 2 {
		killed := group.FailOver(t)
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		group.AwaitOK(t)
	}
}
