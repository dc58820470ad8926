package console

import (
	"net/http"
	"net/url"

	"switchyard/internal/api"
)

type auditPage struct {
	User, Task, Did, Actor string
	Items                  []api.AuditRecord
	First, Next            string
}

func (c *Console) listAudit(r *request) error {
	in := r.URL.Query()
	data := auditPage{User: in.Get("user"), Task: in.Get("task"), Did: in.Get("did"), Actor: in.Get("actor")}
	v := url.Values{}
	for name, value := range map[string]string{"user": data.User, "task": data.Task, "did": data.Did, "actor": data.Actor} {
		if value != "" {
			v.Set(name, value)
		}
	}
	q := url.Values{"limit": {"100"}}
	for name, values := range v {
		q[name] = values
	}
	if cursor := in.Get("cursor"); cursor != "" {
		q.Set("cursor", cursor)
	}
	var list api.AuditPage
	if err := c.ask(r.Context(), question{path: "/v1/audit", query: q}, &list); err != nil {
		return err
	}
	data.Items = list.Items
	data.First, data.Next = leaf(r, v, list.Next)
	return c.show(r, http.StatusOK, "audit", view{Title: "Audit", Here: "/audit/", Refresh: 30, Data: data})
}
