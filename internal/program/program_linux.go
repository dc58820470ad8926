package program

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"switchyard/internal/program/keeper"
)

// self is this binary, also when its file has been replaced meanwhile.
const self = "/proc/self/exe"

// Program is a program that has been started.
type Program struct {
	cmd    *exec.Cmd // the keeper
	report *report
	leash  *os.File
	dir    string // of its own; "": it has none
}

// Start starts a command within bounds that have been checked, and returns once it has begun
// or cannot. A [StartError] says that it could not be executed. The command's standard files,
// environment and directory are the program's; its other fields are changed. The program is
// to be waited for with [Program.Wait].
func Start(cmd *exec.Cmd, b Bounds) (*Program, error) {
	if cmd.Err != nil {
		return nil, &StartError{Err: cmd.Err}
	}
	p := &Program{cmd: cmd}
	order := keeper.Order{Dir: cmd.Dir, Limits: b.Limits.order()}
	who := account{user: os.Geteuid(), group: os.Getegid()}
	if b.User != "" {
		var err error
		if who, err = findAccount(b.User); err != nil {
			return nil, err
		}
		order.Switch, order.User, order.Group, order.Groups = !who.own(), who.user, who.group, who.groups
	}
	if b.OwnDir {
		var err error
		if p.dir, err = makeDir(who); err != nil {
			return nil, err
		}
		order.Dir = p.dir
	}
	if err := p.start(b.Allow, order); err != nil {
		return nil, errors.Join(err, removeDir(p.dir))
	}
	if err := p.report.begun(); err != nil {
		_ = p.Wait(context.Background(), 0) // it has ended, or does so now
		return nil, err
	}
	return p, nil
}

// start starts the keeper.
func (p *Program) start(a Allow, order keeper.Order) error {
	rules, flags, err := newRules(a, p.dir)
	if err != nil {
		return err
	}
	defer func() { _ = rules.Close() }() // also of nil; the keeper has its own
	report, reportIn, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = reportIn.Close() }()
	leashOut, leash, err := os.Pipe()
	if err != nil {
		return errors.Join(err, report.Close())
	}
	defer func() { _ = leashOut.Close() }()
	p.cmd.ExtraFiles = []*os.File{reportIn, leashOut} // ReportFile, LeashFile
	if rules != nil {
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, rules) // RulesFile
		order.Rules, order.Flags = true, flags
	}
	p.cmd.Args, p.cmd.Path, p.cmd.Dir = order.Arguments(p.cmd.Path, p.cmd.Args), self, ""
	// No terminal of the worker's, and no signals that are meant for it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.cmd.WaitDelay = lingers
	if err := p.cmd.Start(); err != nil {
		return errors.Join(&StartError{Err: err}, report.Close(), leash.Close())
	}
	p.report, p.leash = newReport(report), leash
	return nil
}

// Wait waits until the program has ended, and everything that it has started with it. When ctx
// ends, the program is asked to stop (SIGTERM, to its group), and killed once the grace is
// over. An [ExitError] says that it did not end well.
func (p *Program) Wait(ctx context.Context, grace time.Duration) error {
	ended := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { p.hold(ctx, grace, ended) })
	waitErr := p.cmd.Wait()
	close(ended)
	beside.Wait()
	err := p.report.ended()
	if errors.Is(err, errKeeper) && !errors.Is(waitErr, exec.ErrWaitDelay) {
		err = errors.Join(err, waitErr)
	}
	if dirErr := removeDir(p.dir); err == nil {
		err = dirErr
	}
	return err
}

// hold holds the leash until the program has ended, or ctx has and the grace is over. The
// keeper, which a program of the same user may have stopped, goes on then to kill it.
func (p *Program) hold(ctx context.Context, grace time.Duration, ended <-chan struct{}) {
	defer func() {
		_ = p.leash.Close()
		_ = p.cmd.Process.Signal(syscall.SIGCONT) // it may have ended
	}()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	if _, err := p.leash.Write([]byte{keeper.Ask}); err != nil {
		return
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}

// removeDir removes a program's own directory, if it has one.
func removeDir(dir string) error {
	if dir == "" {
		return nil
	}
	return removeAll(dir)
}
