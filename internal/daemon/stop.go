// Package daemon is what every long-running command shares: signals turned into an
// ordered stop, the endpoint for health and metrics, and the log.
package daemon

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Stop is how a process is asked to stop, in two steps.
type Stop struct {
	// Quiet ends at the first signal: take nothing new.
	Quiet context.Context
	// Drain ends a while after that, or at the second signal: let go of what is left.
	Drain context.Context
}

// Signals returns a Stop driven by SIGINT and SIGTERM. After the first, what runs has
// until the deadline to finish; a second one ends the drain at once. release restores
// the default handling, by which a further signal kills the process.
func Signals(deadline time.Duration) (stop Stop, release func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	stop, ended := watch(signals, done, deadline)
	return stop, func() {
		signal.Stop(signals)
		close(done)
		<-ended
	}
}

// watch ends the contexts of a Stop as signals come. It gives up when done is closed.
func watch(signals <-chan os.Signal, done <-chan struct{}, deadline time.Duration) (Stop, <-chan struct{}) {
	quiet, beQuiet := context.WithCancel(context.Background())
	drain, endDrain := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer endDrain()
		defer beQuiet()
		select {
		case <-signals:
			beQuiet()
		case <-done:
			return
		}
		timer := time.NewTimer(deadline)
		defer timer.Stop()
		select {
		case <-signals:
		case <-timer.C:
		case <-done:
		}
	}()
	return Stop{quiet, drain}, ended
}
