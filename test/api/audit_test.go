package api

import (
	"net/http"
	"strings"
	"testing"

	"switchyard/internal/tokens"
)

func TestTheAuditLogIsToldToThoseWhoMayKnow(t *testing.T) {
	onEach(t, false, func(d *door) {
		for _, user := range []string{"ada", "eve"} {
			d.want(http.StatusOK, d.do("PUT", "/v1/users/"+user+"/brake", `{"on":true}`))
		}
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", some))
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/a/cancel", ""))
		d.want(http.StatusOK, d.do("GET", "/v1/audit", ""), "items.0.did=cancel", "items.0.task=default/a", "items.0.user=ada", "items.0.via=request", "items.0.from=127.0.0.1", "items.1.user=eve", "next=null")
		d.want(http.StatusOK, d.do("GET", "/v1/audit?user=ada&did=pause", ""), "items.0.did=pause", "items.1=")
		a := d.want(http.StatusOK, d.do("GET", "/v1/audit?user=ada&limit=1", ""), "items.0.did=cancel", "items.1=")
		if link := a.header.Get("Link"); !strings.Contains(link, "user=ada") || !strings.Contains(link, "cursor="+a.field("next")) {
			t.Errorf("link %q", link)
		}
		d.want(http.StatusOK, d.do("GET", "/v1/audit?user=ada&limit=1&cursor="+a.field("next"), ""), "items.0.did=pause")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/audit?cursor=x", ""), "errors.0.parameter=cursor")
		d.make(tokens.New{User: "eve"}, "audit:read")
		if a := d.want(http.StatusOK, d.do("GET", "/v1/audit", ""), "items.0.user=eve", "items.0.did=make token"); strings.Contains(a.body, "ada") {
			t.Error(a.body)
		}
		d.want(http.StatusNotFound, d.do("GET", "/v1/audit?user=ada", ""), "type=/problems/not-found")
		d.make(tokens.New{}, "usage:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/audit", ""), "scope=audit:read")
	})
}
