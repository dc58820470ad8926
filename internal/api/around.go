package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

// requestID is the header that names a request, in logs and to whoever asks about it.
const requestID = "X-Request-Id"

// withRequestID names each answer, and lets operations move the deadlines of the connection.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(requestID, uuid.NewString())
		connection := http.NewResponseController(w)
		_ = connection.SetWriteDeadline(time.Now().Add(answerWithin)) // a server without deadlines has none to move
		ctx := context.WithValue(r.Context(), connectionKey{}, connection)
		ctx = context.WithValue(ctx, askedKey{}, r.Method+" "+r.URL.EscapedPath()+"?"+r.URL.RawQuery)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// What operations know of their request: its connection, and what it asks for by its first line.
type (
	connectionKey struct{}
	askedKey      struct{}
)

// answerWithin is how long an answer may take at most: it may wait for the end of a task.
const answerWithin = maxWait + 30*time.Second

// takeTime has an operation not end by the deadline for reading its request, once that is read: the
// server ends the request's context then.
func takeTime(ctx context.Context) {
	if connection, ok := ctx.Value(connectionKey{}).(*http.ResponseController); ok {
		_ = connection.SetReadDeadline(time.Time{})
	}
}

// recovered turns a panic into a problem, and its stack into a line of the log.
func recovered(log *zap.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			id := w.Header().Get(requestID)
			log.Error("a request panicked", zap.String("request", id), zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
			writeProblem(w, problem("internal", "report the request "+id+" to whoever runs this"))
		}()
		next.ServeHTTP(w, r)
	})
}

// notFound answers what no operation does with a problem.
func notFound(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r) // which sets the values of the path
			return
		}
		answer := &discarded{header: http.Header{}}
		handler.ServeHTTP(answer, r)
		if answer.status == http.StatusMethodNotAllowed {
			writeProblem(w, noSuchMethod(r.Method, answer.header.Get("Allow")))
			return
		}
		writeProblem(w, nothingAt(r))
	})
}

func noSuchMethod(method, allow string) *Problem {
	return problem("no-such-method", fmt.Sprintf("%.40s is not among %s", method, allow)).header("Allow", allow)
}

func nothingAt(r *http.Request) *Problem {
	return problem("not-found", fmt.Sprintf("there is nothing at %.200q: /v1/ lists what there is", r.URL.Path))
}

// NotFound answers requests for what is none of the API's, where there is nothing else.
func NotFound(w http.ResponseWriter, r *http.Request) { writeProblem(w, nothingAt(r)) }

// Signpost says where the API is.
func Signpost(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"api":"/v1/","description":"/v1/openapi.json"}` + "\n")) // a caller that is gone is told nothing
}

// discarded is an answer of which only the status and the header are kept.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d *discarded) WriteHeader(status int)      { d.status = status }
