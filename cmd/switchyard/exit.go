package main

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/apiclient"
	"switchyard/internal/cache"
	"switchyard/internal/command"
	"switchyard/internal/journal"
	"switchyard/internal/queue"
	"switchyard/internal/schedule"
	"switchyard/internal/tokens"
)

// withStatus gives an error of the system the exit status that tells a script what to do.
func withStatus(err error) error {
	var known interface{ Status() int }
	var answered *apiclient.AnswerError
	var away *apiclient.UnreachableError
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case slices.ContainsFunc([]error{queue.ErrNotFound, queue.ErrNoQueue, schedule.ErrNotFound}, is):
		return command.With(command.NotFound, err)
	case slices.ContainsFunc([]error{schedule.ErrExists, schedule.ErrTaken, journal.ErrDecided, tokens.ErrFull}, is):
		return command.With(command.Refused, err)
	case errors.As(err, new(*tokens.FieldError)):
		return command.With(command.Wrong, err)
	case errors.As(err, &answered):
		return command.With(statusOf(answered), err)
	case errors.As(err, &away) && !away.Temporary():
		return command.With(command.Wrong, err)
	case errors.As(err, &away), unavailable(err):
		return command.With(command.Unavailable, err)
	}
	return err
}

// refused is the error of something that was turned down, unless Redis could not be asked.
func refused(err error) error {
	if unavailable(err) {
		return command.With(command.Unavailable, err)
	}
	return command.With(command.Refused, err)
}

// unavailable reports whether Redis did not answer, or will take the same command later.
func unavailable(err error) bool {
	var network net.Error
	var answered redis.Error
	switch {
	case errors.As(err, &answered):
		return !cache.IsFinal(err)
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, context.DeadlineExceeded):
		return true
	}
	return false
}
