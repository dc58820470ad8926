package lane

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestAnOutageAndItsEndAreSaidOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		c := newHealth(zap.New(core), idleLane)
		for range 2 {
			c.reached()
			for range 100 {
				c.failed(errors.New("connection refused"))
				time.Sleep(time.Second)
			}
			c.reached()
			c.failed(errors.New("connection reset")) // a connection that had not noticed
			for range 10 {
				time.Sleep(time.Second)
				c.reached()
			}
		}
		if lost, back := logs.FilterMessageSnippet("redis lost").Len(), logs.FilterMessage("redis is back").Len(); lost != 2 || back != 2 || logs.Len() != 4 {
			t.Errorf("%d lines of losses, %d of returns, %d in all; want 2, 2 and 4", lost, back, logs.Len())
		}
		if away := logs.FilterMessage("redis is back").All()[0].ContextMap()["away"]; away != 101*time.Second {
			t.Errorf("was away for %v, want 1m41s", away)
		}
	})
}

func TestARightThatIsDeniedIsAwaited(t *testing.T) {
	for _, text := range []string{
		"NOPERM this user has no permissions to run the 'evalsha' command",
		"ERR user_script:4: NOPERM ACL failure in script: User has no permissions to run the 'hgetall' command",
		"ERR The user executing the script can't run this command or subcommand script: 163b90, on @user_script:80.",
	} {
		deny(t, errors.New(text))
	}
}

// deny has a lane denied a right, and granted it.
func deny(t *testing.T, err error) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	c := newHealth(zap.New(core), idleLane)
	if c.failed(err) {
		t.Errorf("%v: it is taken for a fault of the script", err)
	}
	if logs.FilterMessage("redis denies its user a right: no task is taken until it is granted").Len() != 1 || c.check() == nil {
		t.Errorf("said %v, check %v", logs.All(), c.check())
	}
	c.reached()
	if err := c.check(); err != nil {
		t.Errorf("once it is granted: %v", err)
	}
}

func TestALaneTrustsRedisOnlySomeTimeAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newHealth(zap.NewNop(), idleLane)
		time.Sleep(steadyAfter)
		if !c.isSteady() {
			t.Error("not steady after an uneventful start")
		}
		for name, disturb := range map[string]func(){
			"outage": func() {
				c.failed(errors.New("connection refused"))
				time.Sleep(time.Hour)
				c.reached()
			},
			"clock jumped": c.jumped,
		} {
			disturb()
			time.Sleep(steadyAfter - time.Second)
			if c.isSteady() {
				t.Errorf("%s: steady too soon", name)
			}
			time.Sleep(time.Second)
			if !c.isSteady() {
				t.Errorf("%s: never steady again", name)
			}
		}
	})
}

func TestWhoAwaitsRedisGoesOnWhenItIsBackOrNoLongerWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newHealth(zap.NewNop(), idleLane)
		c.await(t.Context()) // nothing is lost
		c.failed(errors.New("connection refused"))
		time.AfterFunc(time.Minute, c.reached)
		began := time.Now()
		c.await(t.Context())
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("waited %s, want 1m", waited)
		}
		c.failed(errors.New("connection refused"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c.await(ctx)
	})
}
