package cache

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWriteMayGoOnForAGraceAfterItsAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := errors.New("over")
		attempt, end := context.WithCancelCause(t.Context())
		writing, cancel := Outlast(attempt, 10*time.Second)
		defer cancel()

		time.Sleep(time.Hour)
		if writing.Err() != nil {
			t.Error("the write ends although its attempt goes on")
		}
		end(over)
		began := time.Now()
		<-writing.Done()
		if took := time.Since(began); took != 10*time.Second || !errors.Is(context.Cause(writing), over) {
			t.Errorf("the write ends %s after its attempt, because of %v, want 10s and %v", took, context.Cause(writing), over)
		}
	})
}

func TestAWriteThatIsDoneWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempt, end := context.WithCancel(t.Context())
		writing, cancel := Outlast(attempt, time.Hour)
		end()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if writing.Err() == nil {
			t.Error("the context goes on after its cancel")
		}
	})
}
