package monitor

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hibiken/asynq"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/audit"
	"switchyard/test/redistest"
)

// fakeAudit keeps records.
type fakeAudit struct {
	records []audit.Record
	err     error
}

func (a *fakeAudit) Write(_ context.Context, r audit.Record) error {
	a.records = append(a.records, r)
	return a.err
}

// change sends a request that changes something, as an operator.
func change(h http.Handler, method, path, body string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4711"
	r.SetBasicAuth("otto", "act")
	h.ServeHTTP(w, r)
	return w.Code
}

func TestWhatIsChangedByPageIsAudited(t *testing.T) {
	server := redistest.Mini(t)
	client := asynq.NewClient(asynq.RedisClientOpt{Addr: server.Addr()})
	defer func() { _ = client.Close() }()
	for _, id := range []string{"t1", "t2", "t3"} {
		if _, err := client.Enqueue(asynq.NewTask("agent_a", nil), asynq.Queue("agents"), asynq.TaskID(id)); err != nil {
			t.Fatal(err)
		}
	}
	log := &fakeAudit{}
	h := newHandler(t, func(o *Options) {
		withUsers(t)(o)
		o.Audit, o.Client = log, redistest.Client(t, server.Addr())
	})
	const tasks = "/asynqmon/api/queues/agents/pending_tasks"
	codes := []int{
		change(h, http.MethodDelete, tasks+"/t1", ""),
		change(h, http.MethodDelete, tasks+"/t1", ""), // it is gone
		change(h, http.MethodPost, tasks+"/t2:archive", ""),
		change(h, http.MethodPost, "/asynqmon/api/queues/agents/archived_tasks/t2:run", ""),
		change(h, http.MethodPost, tasks+":batch_delete", `{"task_ids":["t2","t3"]}`),
		change(h, http.MethodPost, "/asynqmon/api/queues/agents:pause", ""),
	}
	if get(t, h, "/asynqmon/api/queues"); !slices.Equal(codes, []int{204, 500, 204, 204, 200, 204}) {
		t.Errorf("status %v", codes)
	}
	by := audit.Actor{Name: "otto", Via: audit.Page, From: "127.0.0.1"}
	want := []audit.Record{
		{Actor: by, Did: "delete", Task: "agents/t1", Detail: "DELETE " + tasks + "/t1"},
		{Actor: by, Did: "archive", Task: "agents/t2", Detail: "POST " + tasks + "/t2:archive"},
		{Actor: by, Did: "run now", Task: "agents/t2", Detail: "POST /asynqmon/api/queues/agents/archived_tasks/t2:run"},
		{Actor: by, Did: "batch delete", Detail: "POST " + tasks + `:batch_delete {"task_ids":["t2","t3"]}`},
		{Actor: by, Did: "pause queue", Detail: "POST /asynqmon/api/queues/agents:pause"},
	}
	if !slices.Equal(log.records, want) {
		t.Errorf("audited %+v, want %+v", log.records, want)
	}
}

func TestAChangeThatCannotBeAuditedIsLogged(t *testing.T) {
	core, logged := observer.New(zap.ErrorLevel)
	h := newHandler(t, func(o *Options) {
		o.Users, o.Audit, o.Log = nil, &fakeAudit{err: errors.New("away")}, zap.New(core)
	})
	if code := change(h, http.MethodPost, "/asynqmon/api/queues/agents:pause", ""); code != http.StatusNoContent {
		t.Errorf("status %d", code)
	}
	if logged.Len() != 1 || logged.All()[0].ContextMap()["detail"] != "POST /asynqmon/api/queues/agents:pause" {
		t.Errorf("logged %+v, want what was changed", logged.All())
	}
}
