package monitor

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"switchyard/internal/api"
	"switchyard/internal/audit"
	"switchyard/internal/daemon"
	"switchyard/internal/tokens"
)

// forReaders are what readers may do by the API, as on the pages.
var forReaders = []tokens.Action{tokens.TasksRead, tokens.ScheduleRead, tokens.BrakeRead, tokens.QueuesRead, tokens.RunsRead, tokens.UsersRead, tokens.UsageRead,
	tokens.AuditRead, tokens.BriefingsRead}

// ofEverybody are what nobody may do whose sign-in is for one user: it shows or changes what is
// everybody's.
var ofEverybody = []tokens.Action{tokens.QueuesRead, tokens.QueuesWrite, tokens.Admin}

// may reports what an account may do, whatever the kind of the tasks.
func (a account) may(action tokens.Action, _ string) bool {
	if a.user != "" && slices.Contains(ofEverybody, action) {
		return false
	}
	return a.role == Operator || slices.Contains(forReaders, action)
}

// guardAPI lets those in to the API whom a token names, or a sign-in as to the pages.
func (g gate) guardAPI(known Tokens, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := g.caller(r, known)
		var many tooMany
		switch {
		case errors.As(err, &many):
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(many.wait.Seconds()))))
			api.RateLimited(w, many.Error())
		case errors.Is(err, errWrongPassword), errors.Is(err, tokens.ErrRefused):
			api.Unauthenticated(w, fmt.Sprintf("%v: send Authorization: Bearer with a token, or sign in as to the pages", err))
		case err != nil:
			api.Unavailable(w, err)
		default:
			next.ServeHTTP(w, r.WithContext(api.WithCaller(r.Context(), caller)))
		}
	})
}

// caller returns who asks.
func (g gate) caller(r *http.Request, known Tokens) (*api.Caller, error) {
	if text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && known != nil {
		caller, err := g.byToken(r, known, text)
		if caller != nil {
			caller.From = g.client(r).String()
		}
		return caller, err
	}
	caller, _, err := g.signedIn(r, audit.Request)
	return caller, err
}

// byToken returns whom a token names. Whoever guesses is slowed down as those who guess passwords.
func (g gate) byToken(r *http.Request, known Tokens, text string) (*api.Caller, error) {
	source := g.guesses.source(daemon.Source(g.client(r)))
	if err := source.mayFail(); err != nil {
		return nil, err
	}
	caller, err := known.Caller(r.Context(), text)
	if !errors.Is(err, tokens.ErrRefused) {
		return caller, err
	}
	source.fail()
	if n := g.refused.Tell(); n > 0 {
		g.log.Warn("tokens refused", zap.Int("count", n), zap.Stringer("last_from", g.client(r)), zap.Error(err))
	}
	return nil, err
}
