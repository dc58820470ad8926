package api

import (
	"net/http"
	"testing"
)

func TestTheAttemptsAtATaskAreListed(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a","fail":true},"id":"fails"}`))
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/fails?wait=30s", ""), "state=failed")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/fails/attempts", ""), "items.0.number=1", "items.0.outcome=dead", "items.0.error=it is to fail", "items.1=")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/fails/run", ""))
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/fails?wait=30s", ""), "state=failed")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/fails/attempts", ""), "items.1.outcome=dead")
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"later","in":"1h"}`))
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/later/attempts", ""), "items=[]")
		d.want(http.StatusNotFound, d.do("GET", "/v1/tasks/nobody/attempts", ""), "type=/problems/not-found")
	})
}
