package console

import (
	"net/http"

	"switchyard/internal/api"
)

type auditPage struct {
	User, Task, Did, Actor string
	Items                  []api.AuditRecord
	First, Next            string
}

// recordsOnPage is how many records a page has.
const recordsOnPage = "100"

func (c *Console) listAudit(r *request) error {
	v := chosen(r, "user", "task", "did", "actor")
	data := auditPage{User: v.Get("user"), Task: v.Get("task"), Did: v.Get("did"), Actor: v.Get("actor")}
	var list api.AuditPage
	if err := c.ask(r.Context(), part(r, "/v1/audit", recordsOnPage, v), &list); err != nil {
		return err
	}
	data.Items = list.Items
	data.First, data.Next = leaf(r, v, list.Next)
	return c.show(r, http.StatusOK, "audit", view{Title: "Audit", Here: "/audit/", Refresh: 30, Data: data})
}
