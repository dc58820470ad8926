package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/audit"
	"switchyard/internal/tokens"
)

type listAuditInput struct {
	User   string `query:"user" maxLength:"200" doc:"The user to whom it was done."`
	Task   string `query:"task" maxLength:"500" doc:"The task to which it was done, as queue/ID, or as an ID."`
	Did    string `query:"did" maxLength:"100" doc:"What was done, such as pause."`
	Actor  string `query:"actor" maxLength:"200" doc:"The name of who did it."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"50" doc:"What the page before says comes next."`
}

// AuditRecord is one act by hand.
type AuditRecord struct {
	At     time.Time `json:"at" doc:"By Redis's clock."`
	Name   string    `json:"name,omitempty" doc:"Who did it, as far as it is known."`
	Via    audit.Via `json:"via" doc:"The way: command, message, page, request, program or link."`
	From   string    `json:"from,omitempty" doc:"The host, the address or the channel from which it was asked for."`
	Did    string    `json:"did" doc:"Such as pause, approve, delete."`
	User   string    `json:"user,omitempty" doc:"The user to whom it was done; * is everyone."`
	Task   string    `json:"task,omitempty" doc:"The task to which it was done, as queue/ID."`
	Detail string    `json:"detail,omitempty"`
}

func auditRecordOf(r audit.Record) AuditRecord {
	return AuditRecord{At: r.At, Name: r.Name, Via: r.Via, From: r.From, Did: r.Did, User: r.User, Task: r.Task, Detail: r.Detail}
}

// Record returns the record that was told.
func (r AuditRecord) Record() audit.Record {
	return audit.Record{At: r.At, Actor: audit.Actor{Name: r.Name, Via: r.Via, From: r.From}, Did: r.Did, User: r.User, Task: r.Task, Detail: r.Detail}
}

// AuditPage is some of the audit log.
type AuditPage struct {
	Items []AuditRecord `json:"items" doc:"The latest first."`
	Next  string        `json:"next,omitempty" doc:"The cursor of the next page. A page may be empty and not be the last."`
}

type auditOutput struct {
	Link string `header:"Link"`
	Body AuditPage
}

func (s *server) registerAudit(api huma.API) {
	register(api, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/v1/audit", Summary: "See who did what by hand, the latest first", Tags: []string{"audit"},
		Errors: []int{http.StatusNotFound},
	}, s.listAudit)
}

func (s *server) listAudit(ctx context.Context, in *listAuditInput) (*auditOutput, error) {
	only, err := CallerOf(ctx).onlyUser(tokens.AuditRead, in.User)
	if err != nil {
		return nil, err
	}
	page, err := s.Audit.Search(ctx, audit.Filter{User: only, Task: in.Task, Did: in.Did, Actor: in.Actor}, in.Limit, in.Cursor)
	if errors.Is(err, audit.ErrCursor) {
		return nil, invalidParameter("cursor", err)
	}
	out := &auditOutput{
		Link: nextPage("/v1/audit", in.Limit, page.Next, map[string]string{"user": in.User, "task": in.Task, "did": in.Did, "actor": in.Actor}),
		Body: AuditPage{Items: []AuditRecord{}, Next: page.Next},
	}
	for _, r := range page.Records {
		out.Body.Items = append(out.Body.Items, auditRecordOf(r))
	}
	return out, err
}
