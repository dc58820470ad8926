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
		c := newContact(zap.New(core))
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

func TestContactIsSteadyOnlySomeTimeAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContact(zap.NewNop())
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

func TestWhoAwaitsContactGoesOnWhenItIsBackOrNoLongerWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newContact(zap.NewNop())
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
