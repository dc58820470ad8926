package control

import (
	"fmt"
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
	for id, want := range map[string]string{
		"":               `field "user" is empty: give a user id`,
		"*":              `user "*" stands for everyone: give the id of one user`,
		"a\nb":           `user "a\nb" has the character U+000A: leave out what cannot be printed, such as line breaks`,
		"a\x00b":         `user "a\x00b" has the character U+0000: leave out what cannot be printed, such as line breaks`,
		"ada\r\nPUBLISH": `user "ada\r\nPUBLISH" has the character U+000D: leave out what cannot be printed, such as line breaks`,
	} {
		if name, err := Pause.Name(id); name != "" || fmt.Sprint(err) != want {
			t.Errorf("%q gives channel %q, %v; want %s", id, name, err, want)
		}
	}
}
