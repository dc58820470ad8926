package program

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"switchyard/internal/program/keeper"
)

// errKeeper is the error of a program whose keeper did not tell how it ended.
var errKeeper = errors.New("the program's keeper was killed, and the program with it")

// report is what a keeper says of its program.
type report struct {
	file  *os.File
	lines *bufio.Reader
}

func newReport(file *os.File) *report { return &report{file, bufio.NewReader(file)} }

// next returns the next line, its first word apart.
func (r *report) next() (what, more string, err error) {
	text, err := r.lines.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	what, more, _ = strings.Cut(strings.TrimSuffix(text, "\n"), " ")
	return what, more, nil
}

// begun returns once the program has begun, or the error for which it could not.
func (r *report) begun() error {
	what, more, err := r.next()
	switch {
	case errors.Is(err, io.EOF):
		return errKeeper
	case err != nil:
		return err
	case what == keeper.Started:
		return nil
	}
	failure, err := strconv.Unquote(more)
	if err != nil {
		failure = more
	}
	number, op, _ := strings.Cut(failure, " ")
	started := &StartError{Op: op}
	if n, err := strconv.Atoi(number); err == nil && n != 0 {
		started.Err = syscall.Errno(n)
	}
	return started
}

// ended returns how a program ended whose keeper has ended, and closes the report.
func (r *report) ended() error {
	defer func() { _ = r.file.Close() }()
	for {
		what, more, err := r.next()
		if err != nil {
			return errKeeper
		}
		if what != keeper.Ended {
			continue
		}
		number, err := strconv.Atoi(more)
		if err != nil {
			return errKeeper
		}
		return exitError(syscall.WaitStatus(number))
	}
}

// exitError returns the error of a program that ended with a status, nil if it ended well.
func exitError(s syscall.WaitStatus) error {
	switch {
	case s.Signaled() && s.Signal() == syscall.SIGXCPU:
		return &ExitError{State: "signal: " + s.Signal().String() + ": raise limits.cpu, or do less"}
	case s.Signaled() && s.Signal() == syscall.SIGXFSZ:
		return &ExitError{State: "signal: " + s.Signal().String() + ": raise limits.file_size, or write less"}
	case s.Signaled():
		return &ExitError{State: "signal: " + s.Signal().String()}
	case s.ExitStatus() != 0:
		return &ExitError{State: "exit status " + strconv.Itoa(s.ExitStatus())}
	}
	return nil
}
