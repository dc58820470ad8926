package layout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"switchyard/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// claim claims a mark.
func claim(m *Mark) error {
	_, err := m.Claim(context.Background())
	return err
}

func TestTheFirstProgramNotesTheLayoutAndOthersFindIt(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		m := NewMark(client, "switchyard:", "v1.0.0")
		if err := m.Check(t.Context()); err != nil {
			t.Errorf("before anybody: %v", err)
		}
		if n := client.Exists(t.Context(), "switchyard:layout").Val(); n != 0 {
			t.Error("who passes by notes something")
		}
		for _, one := range []*Mark{m, NewMark(client, "switchyard:", "v1.0.1")} {
			if s, err := one.Claim(t.Context()); err != nil || s.Writes != Known || one.Writes() != Known || s.By != "v1.0.0" {
				t.Errorf("claimed %+v, %v, writes %d", s, err, one.Writes())
			}
		}
		noted := client.HGetAll(t.Context(), "switchyard:layout").Val()
		at, err := strconv.ParseInt(noted["at"], 10, 64)
		if age := time.Since(time.UnixMilli(at)); err != nil || age < -time.Second || age > time.Minute {
			t.Errorf("noted at %s", noted["at"])
		}
		delete(noted, "at")
		if known := strconv.Itoa(Known); !maps.Equal(noted, map[string]string{"reads": known, "writes": known, "by": "v1.0.0"}) {
			t.Errorf("noted %v", noted)
		}
	})
}

func TestALayoutThatIsNotKnownIsRefused(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		m := NewMark(client, "acme:", "v1.0.0")
		client.HSet(t.Context(), "acme:layout", "reads", Known+1, "writes", Known+2, "by", "v9.1.0", "at", 1795670507554)
		const want = "what is stored in redis has layout 2, which v9.1.0 began on 2026-11-26, and this program knows no layout after 1: run that release or a later one, or give this one a database of its own (acme:layout)"
		for _, err := range []error{m.Check(t.Context()), claim(m)} {
			if !errors.As(err, new(*NewerError)) || err.Error() != want {
				t.Errorf("says %v", err)
			}
		}
		client.HSet(t.Context(), "acme:layout", "reads", Known) // a newer program writes more, and older ones may read it
		if err := claim(m); err != nil {
			t.Error(err)
		}
	})
}

func TestAMarkThatIsNoneIsNamed(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		m := NewMark(client, "acme:", "v1.0.0")
		for mark, damage := range map[string]func(){
			`["a" "string" "" ""]`: func() { client.Set(t.Context(), "acme:layout", "1", 0) },
			`["1" "" "x" "1"]`:     func() { client.HSet(t.Context(), "acme:layout", "reads", 1, "by", "x", "at", 1) },
			`["one" "1" "x" "1"]`:  func() { client.HSet(t.Context(), "acme:layout", "reads", "one", "writes", 1, "by", "x", "at", 1) },
			`["-1" "1" "x" "1"]`:   func() { client.HSet(t.Context(), "acme:layout", "reads", -1, "writes", 1, "by", "x", "at", 1) },
		} {
			client.Del(t.Context(), "acme:layout")
			damage()
			want := "the layout in acme:layout is " + mark + ": it is not Switchyard's; rename or delete the key, if what is stored is of this release"
			if err := claim(m); fmt.Sprint(err) != want {
				t.Errorf("says %v, want %s", err, want)
			}
		}
	})
}

func TestAWatchEndsOnceTheLayoutIsNotKnownAnyMore(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		m := NewMark(client, "acme:", "v1.0.0")
		m.Every = time.Millisecond
		if err := claim(m); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- m.Watch(t.Context()) }()
		client.HSet(t.Context(), "acme:layout", "reads", Known+1)
		if err := <-ended; !errors.As(err, new(*NewerError)) {
			t.Errorf("ended with %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.Watch(ctx); err != nil {
			t.Errorf("at its end: %v", err)
		}
	})
}
