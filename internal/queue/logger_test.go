package queue

import (
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestAnOutageIsNotLoggedEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		l := newLogger(zap.New(core), newContact(zap.NewNop()))
		for range 60 { // a minute of three lines in turn
			l.Error("dequeue: connection refused")
			l.Error("forward: ", "connection refused")
			l.Warn("noise")
			time.Sleep(time.Second)
		}
		if n := logs.Len(); n != 4 {
			t.Errorf("%d lines, want each of the two twice", n)
		}
		if len(l.last) > 2 {
			t.Errorf("%d lines remembered", len(l.last))
		}
	})
}
