package api

import (
	"net/http"
	"testing"

	"switchyard/internal/config"
	"switchyard/test/redistest"
)

func TestTasksOfCelerysWorkersAreScheduledAndNotSent(t *testing.T) {
	d := open(t, "redis://"+redistest.Server(t).Addr, false, func(c *config.Config) {
		c.Celery.Kinds = map[string]config.CeleryKind{"cleanup": {Task: "app.cleanup", Args: []string{"days", "dry"}, Runtime: config.RuntimePython}}
	})
	d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"cleanup","payload":{}}`),
		`errors.0.detail=kind "cleanup" is performed by Celery's workers (celery.kinds.cleanup.runtime is python): send it with Celery, or give it an entry of the schedule`)
	d.want(http.StatusUnprocessableEntity, d.do("PUT", "/v1/schedule/x", `{"spec":"@yearly","kind":"cleanup","payload":{"dry":true}}`),
		`detail=entry x: cleanup: payload: has the positional argument "dry", and not "days" before it: give all that come before, or leave it out`)
	d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/x", `{"spec":"@yearly","kind":"cleanup","payload":{"days":3},"queue":"Rep.X"}`), "queue=Rep.X")
	first := d.want(http.StatusCreated, d.do("POST", "/v1/schedule/x/run", "", "Idempotency-Key: k"), "kind=cleanup", "queue=celery:Rep.X", "state=waiting")
	if at := first.header.Get("Location"); at != "" {
		d.Errorf("it is said to be at %s, where nothing is known of it", at)
	}
	d.want(http.StatusOK, d.do("POST", "/v1/schedule/x/run", "", "Idempotency-Key: k"), "id="+first.field("id"))
	if n := d.system.Redis.LLen(t.Context(), "Rep.X").Val(); n != 1 {
		d.Errorf("%d messages, want 1", n)
	}
}
