//go:build !linux

package program

import (
	"context"
	"errors"
	"os/exec"
	"sync"
	"time"
)

// Program is a program that has been started.
type Program struct{ cmd *exec.Cmd }

// Start starts a command. There are no keepers here: what the program starts may outlive it.
func Start(cmd *exec.Cmd, b Bounds) (*Program, error) {
	if err := b.CheckHere(); err != nil {
		return nil, err
	}
	cmd.WaitDelay = lingers
	if err := cmd.Start(); err != nil {
		return nil, &StartError{Err: err}
	}
	return &Program{cmd}, nil
}

// Wait waits until the program has ended. It is killed when ctx ends: it cannot be asked.
func (p *Program) Wait(ctx context.Context, _ time.Duration) error {
	ended := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		select {
		case <-ended:
		case <-ctx.Done():
			_ = p.cmd.Process.Kill() // it may be gone
		}
	})
	err := p.cmd.Wait()
	close(ended)
	beside.Wait()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		return nil
	case errors.As(err, &exit):
		return &ExitError{State: exit.String()}
	}
	return err
}

// Memory returns 0: memory is read on Linux only.
func (p *Program) Memory() int64 { return 0 }

// CheckHere reports bounds, which only Linux can keep a program to.
func (b Bounds) CheckHere() error {
	if !b.IsZero() {
		return errors.New("user, own_dir, limits and allow need Linux: leave them out here")
	}
	return nil
}

// Sweep does nothing: programs have no directories of their own here.
func Sweep() error { return nil }
