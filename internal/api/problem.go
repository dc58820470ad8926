package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"switchyard/internal/redact"
	"switchyard/internal/tasks"
)

// Problem is why a request was refused, as RFC 9457 has it.
type Problem struct {
	// Type names the kind of problem, such as /problems/invalid. Programs tell problems apart by it.
	Type   string `json:"type" doc:"Names the kind of problem. Tell problems apart by it."`
	Title  string `json:"title" doc:"The kind of problem in words."`
	Status int    `json:"status" doc:"The status of the answer."`
	Detail string `json:"detail,omitempty" doc:"What is wrong with this request, and what to do about it."`
	// Errors are what is wrong with which part of the request.
	Errors []Fault `json:"errors,omitempty" doc:"What is wrong with which part of the request."`

	Known   []string `json:"known,omitempty" doc:"What there is in place of what was asked for."`
	Scope   string   `json:"scope,omitempty" doc:"The scope that is missing."`
	State   string   `json:"state,omitempty" doc:"The state in which the task is."`
	Allowed []string `json:"allowed,omitempty" doc:"The states in which the task would have to be."`
	Task    string   `json:"task,omitempty" doc:"The address of the task that has the ID."`

	headers http.Header
}

// Fault is what is wrong with one part of a request.
type Fault struct {
	Pointer   string `json:"pointer,omitempty" doc:"The place in the body, as RFC 6901 has it."`
	Parameter string `json:"parameter,omitempty" doc:"The parameter of the path, the query or the header."`
	Detail    string `json:"detail"`
	Value     any    `json:"value,omitempty" doc:"The value, if it is short."`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements [huma.StatusError].
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements [huma.HeadersError].
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType implements [huma.ContentTypeFilter].
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// header adds a header to the answer.
func (p *Problem) header(name, value string) *Problem {
	if p.headers == nil {
		p.headers = http.Header{}
	}
	p.headers.Set(name, value)
	return p
}

// titles are the kinds of problems, with their statuses.
var kinds = map[string]struct {
	status int
	title  string
}{
	"malformed":       {http.StatusBadRequest, "The body cannot be read"},
	"unauthenticated": {http.StatusUnauthorized, "Nobody is signed in"},
	"forbidden":       {http.StatusForbidden, "The token does not allow this"},
	"foreign-page":    {http.StatusForbidden, "Pages of other sites may not ask"},
	"not-found":       {http.StatusNotFound, "There is no such thing"},
	"no-such-method":  {http.StatusMethodNotAllowed, "The address does not know the method"},
	"not-acceptable":  {http.StatusNotAcceptable, "Answers are JSON"},
	"too-slow":        {http.StatusRequestTimeout, "The body took too long to arrive"},
	"id-taken":        {http.StatusConflict, "Another task has the ID"},
	"key-in-progress": {http.StatusConflict, "The first request with this key has not been answered"},
	"wrong-state":     {http.StatusConflict, "The state does not allow this"},
	"changed":         {http.StatusPreconditionFailed, "Somebody has changed it meanwhile"},
	"too-large":       {http.StatusRequestEntityTooLarge, "The body is too large"},
	"media-type":      {http.StatusUnsupportedMediaType, "The body is not JSON"},
	"invalid":         {http.StatusUnprocessableEntity, "A value is not valid"},
	"unknown-kind":    {http.StatusUnprocessableEntity, "There is no such kind"},
	"key-reused":      {http.StatusUnprocessableEntity, "The key was used for another request"},
	"task-failed":     {http.StatusUnprocessableEntity, "The task has no result"},
	"rate-limited":    {http.StatusTooManyRequests, "Too many requests"},
	"internal":        {http.StatusInternalServerError, "Something is wrong here"},
	"unavailable":     {http.StatusServiceUnavailable, "Redis cannot be asked"},
}

// problem returns a problem of a kind.
func problem(name, detail string) *Problem {
	k := kinds[name]
	return &Problem{Type: "/problems/" + name, Title: k.title, Status: k.status, Detail: detail}
}

// invalid is the problem of a value at a place of the body. An error that knows its field says
// which below that place.
func invalid(pointer string, err error) *Problem {
	if field := tasks.FieldOf(err); field != "" {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1", ".", "/").Replace(field)
	}
	p := problem("invalid", err.Error())
	if pointer != "" {
		p.Errors = []Fault{{Pointer: pointer, Detail: err.Error()}}
	}
	return p
}

// invalidParameter is the problem of a parameter.
func invalidParameter(name string, err error) *Problem {
	p := problem("invalid", err.Error())
	p.Errors = []Fault{{Parameter: name, Detail: err.Error()}}
	return p
}

// retryAfter is what a caller is told to wait while Redis is away.
const retryAfter = "1"

// unavailable is the problem of a Redis that is away or refuses.
func unavailable(err error) *Problem {
	return problem("unavailable", redact.Process.Text(err.Error())).header("Retry-After", retryAfter)
}

// byStatus are the kinds of the problems that huma finds by itself.
var byStatus = map[int]string{
	http.StatusBadRequest: "malformed", http.StatusRequestTimeout: "too-slow", http.StatusRequestEntityTooLarge: "too-large",
	http.StatusUnsupportedMediaType: "media-type", http.StatusUnprocessableEntity: "invalid", http.StatusNotAcceptable: "not-acceptable",
}

// maxValue is the longest value that a problem repeats, in bytes as JSON.
const maxValue = 200

func init() {
	// huma has one function for the whole process.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		name, ok := byStatus[status]
		if !ok {
			name = "internal"
		}
		p := problem(name, message)
		for _, err := range errs {
			p.Errors = append(p.Errors, faultOf(err))
		}
		if len(p.Errors) > 0 {
			p.Detail = p.Errors[0].Detail
		}
		return p
	}
}

// faultOf returns what huma says of a part of a request. It names places as body.items[0].kind.
func faultOf(err error) Fault {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		return Fault{Detail: err.Error()}
	}
	f := Fault{Detail: d.Message}
	where, rest, _ := strings.Cut(d.Location, ".")
	if where == "body" {
		f.Pointer = pointerOf(rest)
	} else {
		f.Parameter = rest
	}
	if text, err := json.Marshal(d.Value); err == nil && len(text) <= maxValue && d.Location != "body" {
		f.Value = d.Value
	}
	return f
}

// pointerOf turns items[0].kind into /items/0/kind.
func pointerOf(path string) string {
	if path == "" {
		return ""
	}
	return "/" + strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/", "]", "").Replace(path)
}

// writeProblem writes a problem outside of huma.
func writeProblem(w http.ResponseWriter, p *Problem) {
	for name, values := range p.headers {
		w.Header()[name] = values
	}
	text, err := json.Marshal(p)
	if err != nil {
		text = []byte(`{"type":"/problems/internal","status":500}`)
	}
	if w.Header().Get(requestID) == "" {
		w.Header().Set(requestID, uuid.NewString())
	}
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(text) // a caller that is gone is told nothing
}

// locationOf returns the place that huma names in an error.
func locationOf(err error) string {
	var d *huma.ErrorDetail
	if errors.As(err, &d) {
		return d.Location
	}
	return ""
}
