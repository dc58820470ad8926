// Package api is the HTTP API under /v1: what a producer in any language, an operator's browser or
// a command asks of Switchyard without reaching Redis.
//
// The package translates and decides nothing: each operation reads a request, asks one of its
// [Options] and writes the answer. Every refusal is a problem of RFC 9457, see [Problem]. The
// OpenAPI description at /v1/openapi.json is generated from the types that the operations use.
package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"switchyard/internal/audit"
	"switchyard/internal/batches"
	"switchyard/internal/cache"
	"switchyard/internal/celery/ticks"
	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/journal"
	"switchyard/internal/queue"
	"switchyard/internal/requests"
	"switchyard/internal/roster"
	"switchyard/internal/routing"
	"switchyard/internal/schedule"
	"switchyard/internal/series"
	"switchyard/internal/sources"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tokens"
	"switchyard/internal/usage"
	"switchyard/internal/users"
)

// ByHand does what people ask for, and keeps in the audit log who did.
type ByHand interface {
	CancelTasks(ctx context.Context, names []tasks.Name, why string, by audit.Actor) ([]tasks.Handled, error)
	RunTasks(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error)
	ReplayTasks(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error)
	DeleteTasks(ctx context.Context, names []tasks.Name, by audit.Actor) ([]tasks.Handled, error)
	ChangeTask(ctx context.Context, name tasks.Name, change tasks.Change, meant func(tasks.Status) bool, by audit.Actor) (tasks.Handled, error)
	PauseQueue(ctx context.Context, queue string, pause bool, by audit.Actor) (bool, error)
	Decide(ctx context.Context, task tasks.Status, run journal.Run, v journal.Verdict, by audit.Actor) (step string, goesOn bool, err error)
	CheckEntry(ctx context.Context, e schedule.Entry) error
	MakeToken(ctx context.Context, n tokens.New, by audit.Actor) (string, tokens.Token, error)
	RevokeToken(ctx context.Context, id string, by audit.Actor) (bool, error)
	// DecideDelivery has a delivery sent again, or sent no more. The error is
	// [briefings.ErrNoDelivery] if it does not wait for a decision.
	DecideDelivery(ctx context.Context, briefing, channel string, again bool, by audit.Actor) error
}

// Hooks reports why an address could not be told of the end of a task.
type Hooks interface {
	Check(address string) error
}

// Options are what the API works with.
type Options struct {
	Version string
	Queue   *queue.Client
	// Ticks is where the tasks of the schedule go.
	Ticks    *ticks.Queue
	Catalog  *tasks.Catalog
	Routing  *routing.Table
	ByHand   ByHand
	Brake    *control.Operator
	Events   *events.Log
	Journals *journal.Store
	Schedule *schedule.Store
	Sources  *sources.Store
	Users    *users.Store
	Usage    *usage.Book
	Audit    *audit.Log
	// Briefings are those that are kept, with their deliveries.
	Briefings *briefings.Store
	Tokens    *tokens.Store
	Requests  *requests.Store
	Batches   *batches.Store
	// Series has the figures of each minute, Roster the daemons that run.
	Series *series.Store
	Roster *roster.Store
	// Waiter tells when tasks have ended.
	Waiter *queue.Waiter
	// Hooks says who may be told of the ends of tasks.
	Hooks Hooks
	// MaxPayload bounds the payload of a task, in bytes.
	MaxPayload int
	Log        *zap.Logger
}

// server is what the operations are methods of.
type server struct {
	Options
	schemas map[string]payloadSchema // by kind
}

const (
	// manyBytes bounds the body of a request with many tasks.
	manyBytes = 8 << 20
	// beside is what a body may have besides a payload, in bytes.
	beside = 16 << 10
	// bodyWithin bounds how long a body may take to arrive.
	bodyWithin = 10 * time.Second
)

// Handler is the HTTP API. It is safe for concurrent use.
type Handler struct {
	http.Handler
	mux *http.ServeMux
}

// NewHandler returns the handler of everything under /v1/. Whoever is asked by it has a [Caller] in the
// request's context.
func NewHandler(o Options) *Handler {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Switchyard", o.Version)
	config.Info.Description = "Send tasks, follow them, and operate the system that performs them."
	config.Servers = []*huma.Server{{URL: "/"}} // whatever serves the description
	config.Tags = tags
	config.CreateHooks = nil // they add links to schemas to every answer
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/v1/openapi", "", ""
	config.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON} // by its name and by what ends that of problems
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "A token that `switchyard token make` has printed."},
	}
	config.Security = []map[string][]string{{"token": {}}}
	api := humago.New(mux, config)
	s := &server{Options: o, schemas: schemasOf(o.Catalog)}
	for _, register := range []func(huma.API){
		s.registerSend, s.registerTasks, s.registerChange, s.registerBulk, s.registerRuns, s.registerListRuns, s.registerBatches,
		s.registerSchedule, s.registerEntryTicks, s.registerExplain, s.registerSources, s.registerBrake, s.registerUsers, s.registerKinds, s.registerQueues,
		s.registerTokens, s.registerTokenList, s.registerAudit, s.registerBriefings, s.registerDeliveries,
		s.registerSeries, s.registerDaemons, s.registerOverview,
	} {
		register(api)
	}
	allowMore(api.OpenAPI())
	mux.Handle("GET /v1/{$}", reference(api.OpenAPI()))
	return &Handler{withRequestID(recovered(o.Log, notFound(mux))), mux}
}

// tags are what operations are sorted by.
var tags = []*huma.Tag{
	{Name: "tasks", Description: "Send tasks, follow, search and change them."},
	{Name: "runs", Description: "Look at the runs of agents, and decide what they ask."},
	{Name: "schedule", Description: "Change what is sent periodically."},
	{Name: "sources", Description: "See what sources of pages bring."},
	{Name: "brake", Description: "Stop a user's agents, and have them go on."},
	{Name: "events", Description: "Follow what happens to a user's agents."},
	{Name: "users", Description: "Say who is briefed, and see what their agents spend."},
	{Name: "kinds", Description: "See what can be sent."},
	{Name: "queues", Description: "See how much waits, and pause a queue."},
	{Name: "deployment", Description: "See how it all does: what needs a person, charts, daemons."},
	{Name: "briefings", Description: "Read what was written for users, and decide about deliveries."},
	{Name: "audit", Description: "See who did what by hand."},
	{Name: "tokens", Description: "List, revoke and make tokens, such as one that lives for a short time."},
}

// also is the metadata of an operation that names other statuses of success than its first one.
const also = "also"

// register adds an operation, with the problems that each may meet.
func register[I, O any](api huma.API, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.BodyReadTimeout = bodyWithin
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable)
	if op.Method != http.MethodGet && op.Method != http.MethodDelete {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if _, once := any(new(I)).(interface{ keyed() }); once {
		op.Errors = append(op.Errors, http.StatusConflict)
	}
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		takeTime(ctx)
		out, err := do(ctx, in)
		if err != nil {
			return nil, asProblem(err)
		}
		return out, nil
	})
	describeOthers(api.OpenAPI(), op)
}

// describeOthers describes answers that differ from the first one only in their status.
func describeOthers(d *huma.OpenAPI, op huma.Operation) {
	others, _ := op.Metadata[also].([]int)
	item := d.Paths[op.Path]
	for method, described := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put} {
		if method != op.Method || described == nil {
			continue
		}
		first := described.Responses[strconv.Itoa(cmp.Or(op.DefaultStatus, http.StatusOK))]
		for _, status := range others {
			other := *first
			other.Description = http.StatusText(status)
			described.Responses[strconv.Itoa(status)] = &other
		}
	}
}

// body is an answer that is nothing but its body.
type body[T any] struct{ Body T }

// asProblem returns an error as it is told. One that is not Redis's is about the request: what we
// keep Redis from being asked.
func asProblem(err error) error {
	var told *Problem
	var status huma.StatusError
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &status): // 304
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable(errors.New("the request took too long"))
	case cache.IsRedis(err):
		return unavailable(err)
	}
	return invalid("", err)
}
