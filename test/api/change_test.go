package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/schedule"
)

func TestTasksAreCancelledRunReplayedAndDeleted(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"later","in":"1h"}`), "state=scheduled")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/later/run", ""), "id=later")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/later?wait=30s", ""), "state=succeeded")
		d.want(http.StatusConflict, d.do("POST", "/v1/tasks/later/run", ""), "type=/problems/wrong-state", "state=succeeded", "detail=task default/later has succeeded: use replay to do it again")
		again := d.want(http.StatusCreated, d.do("POST", "/v1/tasks/later/replay", ""), "kind=echo").field("id")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/"+again+"?wait=30s", ""), "result.text=a")
		d.want(http.StatusConflict, d.do("POST", "/v1/tasks/later/cancel", ""), "type=/problems/wrong-state")
		d.want(http.StatusNoContent, d.do("DELETE", "/v1/tasks/later", ""))
		d.want(http.StatusNotFound, d.do("DELETE", "/v1/tasks/later", ""), "type=/problems/not-found")
	})
}

func TestACancelledTaskIsOverAlsoWhileItRuns(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"waits","in":"1h"}`))
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/waits/cancel", `{"reason":"the user left"}`), "state=cancelled", "ended=true")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/waits/cancel", ""), "state=cancelled") // asked again, it is the same
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a","hold":true},"id":"runs"}`))
		for d.do("GET", "/v1/tasks/runs", "").field("state") != "running" {
			if d.Context().Err() != nil {
				d.Fatal("it does not run")
			}
		}
		if a := d.do("POST", "/v1/tasks/runs/cancel", ""); a.status != http.StatusAccepted && a.field("state") != "cancelled" {
			d.Errorf("%d: %s, want one that is to end or has ended", a.status, a.body)
		}
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/runs?wait=30s", ""), "state=cancelled", "ended=true", "last_error=cancelled by a request from 127.0.0.1")
	})
}

func TestTheScheduleIsChangedUnderConditions(t *testing.T) {
	onEach(t, false, func(d *door) {
		const entry = `{"spec":"0 8 * * *","zone":"Europe/Berlin","kind":"echo","payload":{"text":"good morning"},"fresh_for":"2h"}`
		d.want(http.StatusOK, d.do("PUT", "/v1/schedule/morning?dry_run=true", entry), "id=morning", "fresh_for=2h0m0s")
		d.want(http.StatusNotFound, d.do("GET", "/v1/schedule/morning", ""), "type=/problems/not-found")
		first := d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/morning", entry, "If-None-Match: *"), "state=ok", "zone=Europe/Berlin", "origin=api")
		d.want(http.StatusPreconditionFailed, d.do("PUT", "/v1/schedule/morning", entry, "If-None-Match: *"), "type=/problems/changed")
		etag := first.header.Get("ETag")
		changed := d.want(http.StatusOK, d.do("PUT", "/v1/schedule/morning", `{"spec":"0 9 * * *","kind":"echo","payload":{"text":"good morning"}}`, "If-Match: "+etag), "spec=0 9 * * *")
		if changed.header.Get("ETag") == etag {
			d.Error("another version has the same tag")
		}
		d.want(http.StatusPreconditionFailed, d.do("PUT", "/v1/schedule/morning", entry, "If-Match: "+etag), "type=/problems/changed")
		d.want(http.StatusOK, d.do("PATCH", "/v1/schedule/morning", `{"paused":true}`), "paused=true", "state=paused")
		found := ""
		for cursor := ""; ; {
			page := d.want(http.StatusOK, d.do("GET", "/v1/schedule?state=paused&cursor="+cursor, ""))
			found += strings.TrimPrefix(page.field("items.0.id"), "null")
			if cursor = page.field("next"); cursor == "null" {
				break
			}
		}
		if found != "morning" {
			d.Errorf("pages of paused entries have %q, want morning", found)
		}
		d.want(http.StatusCreated, d.do("POST", "/v1/schedule/morning/run", ""), "kind=echo", "state=waiting")
		d.want(http.StatusUnprocessableEntity, d.do("PUT", "/v1/schedule/bad", `{"spec":"61 * * * *","kind":"echo","payload":{"text":"x"}}`), "type=/problems/invalid")
		d.want(http.StatusNoContent, d.do("DELETE", "/v1/schedule/morning", ""))
		d.want(http.StatusNotFound, d.do("DELETE", "/v1/schedule/morning", ""))
	})
}

func TestABrakeIsPutOnAndTakenOff(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("PUT", "/v1/users/ada/brake", `{"on":true}`), "user=ada", "state=paused", "changed=true", "running=[]")
		d.want(http.StatusOK, d.do("PUT", "/v1/users/ada/brake", `{"on":true}`), "changed=false")
		d.want(http.StatusOK, d.do("GET", "/v1/brakes", ""), "users.0.user=ada", "users.0.state=paused")
		d.want(http.StatusOK, d.do("PUT", "/v1/users/ada/brake", `{"on":false}`), "state=running", "changed=true")
		d.want(http.StatusOK, d.do("PUT", "/v1/users/*/brake", `{"on":true}`), "user=*", "state=paused")
		d.want(http.StatusOK, d.do("GET", "/v1/users/eve/brake", ""), "state=paused")
		d.want(http.StatusUnprocessableEntity, d.do("PUT", "/v1/users/ada/brake", `{}`), "errors.0.detail=expected required property on to be present")
	})
}

func TestUsersAreSetAndForgotten(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("PUT", "/v1/users/ada", `{"topics":["tides"],"zone":"Europe/Berlin"}`), "id=ada", "time=08:00", "channels.0=in_app")
		d.want(http.StatusUnprocessableEntity, d.do("PUT", "/v1/users/ada", `{"topics":["tides"],"zone":"Mars/Olympus"}`), "type=/problems/invalid")
		d.want(http.StatusOK, d.do("GET", "/v1/users/ada", ""), "zone=Europe/Berlin")
		d.want(http.StatusOK, d.do("PATCH", "/v1/users/ada", `{"languages":["en","pt"],"quiet_days":["sat","sun"],"channels":["email"],"email":"ada@example.org"}`), "quiet_days.1=sun", "languages.1=pt", "channels.0=email", "email=ada@example.org", "topics.0=tides")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/users/ada", `{"email":"ada@example.org\r\nBcc: eve@example.org"}`), "type=/problems/invalid")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/users/ada", `{"channels":["chat"]}`), "type=/problems/invalid")
		d.want(http.StatusOK, d.do("PATCH", "/v1/users/ada", `{"quiet_days":[]}`), "email=ada@example.org")
		d.want(http.StatusOK, d.do("PATCH", "/v1/users/ada", `{"editions":{"weekly":{"days":["sun"],"items":20}}}`), "editions.weekly.days.0=sun", "editions.weekly.items=20", "editions.daily={}")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/users/ada", `{"editions":{"weekly":{"days":["someday"]}}}`), "type=/problems/invalid")
		d.want(http.StatusOK, d.do("PATCH", "/v1/users/ada", `{"drop_editions":["daily"]}`), "editions.weekly.items=20")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/users/ada", `{"drop_editions":["weekly"]}`), "type=/problems/invalid")
		d.want(http.StatusOK, d.do("GET", "/v1/users", ""), "0.id=ada")
		d.want(http.StatusOK, d.do("GET", "/v1/users/ada/usage", ""))
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/users/ada/usage?since=yesterday", ""), "errors.0.parameter=since")
		d.want(http.StatusNoContent, d.do("DELETE", "/v1/users/ada", ""))
		d.want(http.StatusNotFound, d.do("GET", "/v1/users/ada", ""))
	})
}

func TestKindsAndQueuesAreTold(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("GET", "/v1/kinds/echo", ""), "queue=default", "policy.retention=1h0m0s", "schema.$schema=https://json-schema.org/draft/2020-12/schema",
			"schema.required.0=text", "schema.properties.rows.items.type=integer")
		d.want(http.StatusNotFound, d.do("GET", "/v1/kinds/nothing", ""), "known.4=collect")
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"}}`))
		d.want(http.StatusOK, d.do("PATCH", "/v1/queues/default", `{"paused":true}`), "name=default", "paused=true", "changed=true")
		d.want(http.StatusOK, d.do("PATCH", "/v1/queues/default", `{"paused":true}`), "changed=false")
		d.want(http.StatusNotFound, d.do("PATCH", "/v1/queues/nowhere", `{"paused":true}`), "type=/problems/not-found")
		d.want(http.StatusOK, d.do("GET", "/v1/queues", ""), "0.name=default", "0.paused=true", "0.waiting=1")
	})
}

// afterFirst does something once the first command, or the first pipeline, was answered.
type afterFirst struct{ do func() }

func (a afterFirst) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a afterFirst) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { defer a.do(); return next(ctx, cmd) }
}

func (a afterFirst) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { defer a.do(); return next(ctx, cmds) }
}

// TestAnEntryThatIsChangedWhileItIsReplacedIsNotReplaced has somebody else change the entry just after
// a request has read it.
func TestAnEntryThatIsChangedWhileItIsReplacedIsNotReplaced(t *testing.T) {
	onEach(t, false, func(d *door) {
		other := start(d, d.system.Config.Redis.URL, false)
		put := func(hour int, headers ...string) answer {
			return d.do("PUT", "/v1/schedule/x", fmt.Sprintf(`{"spec":"0 %d * * *","kind":"echo","payload":{"text":"x"}}`, hour), headers...)
		}
		etag := d.want(http.StatusCreated, put(1)).header.Get("ETag")
		var once sync.Once
		d.system.Redis.AddHook(afterFirst{func() {
			once.Do(func() {
				if changed, err := other.system.Schedule.Put(d.Context(), schedule.Entry{ID: "x", Spec: "0 2 * * *", Kind: "echo", Payload: []byte(`{"text":"x"}`), Origin: schedule.OriginAPI}); err != nil || !changed {
					d.Errorf("changed %v, %v", changed, err)
				}
			})
		}})
		d.want(http.StatusPreconditionFailed, put(3, "If-Match: "+etag), "type=/problems/changed")
		d.want(http.StatusOK, d.do("GET", "/v1/schedule/x", ""), "spec=0 2 * * *")
	})
}

func TestTheNextPageAsksForTheSameTasks(t *testing.T) {
	onEach(t, false, func(d *door) {
		for i := range 3 {
			d.want(http.StatusCreated, d.do("POST", "/v1/tasks", fmt.Sprintf(`{"kind":"echo","payload":{"text":"x","user":"ada"},"id":"a%d"}`, i)))
			d.want(http.StatusCreated, d.do("POST", "/v1/tasks", fmt.Sprintf(`{"kind":"echo","payload":{"text":"x"},"id":"b%d"}`, i)))
		}
		var ids []string
		for path := "/v1/tasks?user=ada&state=waiting,running&limit=1"; path != ""; {
			page := d.want(http.StatusOK, d.do("GET", path, ""))
			if id := page.field("items.0.id"); id != "" {
				ids = append(ids, id)
			}
			path, _, _ = strings.Cut(strings.TrimPrefix(page.header.Get("Link"), "<"), ">")
		}
		if slices.Sort(ids); fmt.Sprint(ids) != "[a0 a1 a2]" {
			d.Errorf("the pages have %v", ids)
		}
	})
}
