package control

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A pool that could not dial asks once a second whether it can, also once it is closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

func TestChannelsAreNamedAsTheApplicationsKnowThem(t *testing.T) {
	for user, want := range map[string]string{"ada": "agent:pause:ada", "auth0|64af": "agent:pause:auth0|64af", "user:1": "agent:pause:user:1"} {
		if got, err := Pause.Name(user); got != want || err != nil {
			t.Errorf("Name(%q) = %q, %v; want %q", user, got, err, want)
		}
	}
	for _, id := range []string{"", "*", "a\nb", "a\x00b", "ada\r\nPUBLISH"} {
		if name, err := Pause.Name(id); err == nil {
			t.Errorf("%q gives channel %q", id, name)
		}
	}
}
