package monitor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"

	"go.uber.org/zap"

	"switchyard/internal/api"
	"switchyard/internal/audit"
)

// Auditor keeps who has changed what.
type Auditor interface {
	Write(ctx context.Context, r audit.Record) error
}

const (
	// maxAudited bounds the body of a request that changes something, in bytes: asynqmon sends
	// the IDs of the tasks that are to be changed.
	maxAudited = 1 << 20
	// maxDetail bounds what is kept of it.
	maxDetail = 1000
)

// audited writes each request that has changed something to the audit log.
func audited(next http.Handler, log Auditor, errors *zap.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isSafe(r.Method) {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAudited))
		if err != nil {
			http.Error(w, fmt.Sprintf("The request's body cannot be read, or has more than %d bytes: select fewer tasks.", maxAudited), http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &answer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		if answer.status >= http.StatusBadRequest {
			return
		}
		record := recordOf(r, body)
		if err := log.Write(r.Context(), record); err != nil {
			errors.Error("a change by page is not in the audit log", zap.String("did", record.Did), zap.String("detail", record.Detail), zap.Error(err))
		}
	})
}

// answer notes the status of an answer.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// oneTask is asynqmon's address of a task: queue, state, ID, and what is to be done.
var oneTask = regexp.MustCompile(`/queues/([^/]+)/[a-z]+_tasks/([^/:][^/]*?)(?::([a-z]+))?$`)

// recordOf says what a request has changed.
func recordOf(r *http.Request, body []byte) audit.Record {
	by := api.CallerOf(r.Context())
	record := audit.Record{
		Actor:  audit.Actor{Name: by.Name, Via: audit.Page, From: by.From},
		Did:    verbOf(r),
		Detail: r.Method + " " + r.URL.Path,
	}
	if m := oneTask.FindStringSubmatch(r.URL.Path); m != nil {
		record.Task = m[1] + "/" + m[2]
	}
	if len(body) > 0 {
		record.Detail += " " + string(body)
	}
	record.Detail = strings.ToValidUTF8(record.Detail[:min(len(record.Detail), maxDetail)], "")
	return record
}

// verbOf says what a request does: asynqmon's addresses end with it, behind a colon.
func verbOf(r *http.Request) string {
	above, last := path.Split(r.URL.Path)
	_, verb, named := strings.Cut(last, ":")
	switch {
	case verb == "run":
		verb = "run now"
	case named:
		verb = strings.ReplaceAll(verb, "_", " ")
	default:
		verb = strings.ToLower(r.Method)
	}
	if strings.HasSuffix(above, "/queues/") {
		verb += " queue"
	}
	return verb
}
