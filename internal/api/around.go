package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

func newReader(data []byte) io.Reader { return bytes.NewReader(data) }

// requestID is the header that names a request, in logs and to whoever asks about it.
const requestID = "X-Request-Id"

// withRequestID names each answer.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(requestID, uuid.NewString())
		next.ServeHTTP(w, r)
	})
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
			allow := answer.header.Get("Allow")
			writeProblem(w, problem("no-such-method", fmt.Sprintf("%s is not among %s", r.Method, allow)).header("Allow", allow))
			return
		}
		writeProblem(w, problem("not-found", fmt.Sprintf("there is nothing at %.200q: /v1/ lists what there is", r.URL.Path)))
	})
}

// discarded is an answer of which only the status and the header are kept.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d *discarded) WriteHeader(status int)      { d.status = status }
