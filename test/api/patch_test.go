package api

import (
	"net/http"
	"testing"
	"time"
)

func TestATaskThatWaitsIsChangedUnderConditions(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"later","in":"1h"}`))
		first := d.want(http.StatusOK, d.do("GET", "/v1/tasks/later", ""), "state=scheduled").header.Get("ETag")
		at := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
		second := d.want(http.StatusOK, d.do("PATCH", "/v1/tasks/later", `{"at":"`+at+`","expires_in":"3h"}`, "If-Match: "+first), "state=scheduled", "due="+at)
		if second.field("expires") == "null" {
			d.Errorf("it has no deadline: %s", second.body)
		}
		if etag := d.do("GET", "/v1/tasks/later", "").header.Get("ETag"); etag != second.header.Get("ETag") || etag == first {
			d.Errorf("its tag is %s, said to be %s, and was %s", etag, second.header.Get("ETag"), first)
		}
		d.want(http.StatusPreconditionFailed, d.do("PATCH", "/v1/tasks/later", `{"in":"5h"}`, "If-Match: "+first), "type=/problems/changed")
		d.want(http.StatusOK, d.do("PATCH", "/v1/tasks/later", `{"in":"0s"}`, "If-Match: "+second.header.Get("ETag")), "state=waiting")
		d.want(http.StatusOK, d.do("PATCH", "/v1/tasks/later", `{"in":"1h"}`), "state=scheduled")
		if record, err := d.system.Audit.Read(d.Context(), "", 1); err != nil || record[0].Did != "change" || record[0].Task != "default/later" {
			d.Errorf("the audit log has %+v, %v", record, err)
		}
	})
}

func TestWhatCannotBeChangedIsAProblem(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"later","in":"1h"}`))
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/tasks/later", `{}`), "detail=nothing is to be changed: give at, in, expires or expires_in")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/tasks/later", `{"at":"2031-01-01T00:00:00Z","in":"1h"}`), "errors.0.pointer=/in")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/tasks/later", `{"expires_in":"1m"}`), "type=/problems/invalid")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/tasks/later", `{"priority":"high"}`))
		d.want(http.StatusNotFound, d.do("PATCH", "/v1/tasks/nobody", `{"in":"1h"}`), "type=/problems/not-found")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/later/cancel", ""), "state=cancelled")
		d.want(http.StatusConflict, d.do("PATCH", "/v1/tasks/later", `{"in":"1h"}`), "type=/problems/wrong-state", "state=cancelled")
	})
}
