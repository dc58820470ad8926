package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheDescriptionIsValid(t *testing.T) {
	onEach(t, false, func(d *door) {
		if ok, errs := d.check.ValidateDocument(); !ok {
			for _, err := range errs {
				d.Errorf("%s: %s %v", err.Message, err.Reason, err.SchemaValidationErrors)
			}
		}
	})
}

func TestATaskThatIsSentIsPerformedAndItsResultIsWaitedFor(t *testing.T) {
	onEach(t, true, func(d *door) {
		a := d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"hello"},"id":"x"}`), "id=x", "kind=echo", "queue=default", "state=waiting", "ended=false", "retries_left=3")
		if got := a.header.Get("Location"); got != "/v1/tasks/x?queue=default" {
			d.Errorf("location %s", got)
		}
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/x?wait=30s", ""), "state=succeeded", "ended=true", "result.text=hello")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/x/result", ""), "text=hello")
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"again"}}`, "Prefer: wait=30"), "state=succeeded", "result.text=again")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks?kind=echo&state=succeeded&limit=1", ""), "items.0.kind=echo")
	})
}

func TestAWaitThatIsOverAtOnceTellsTheTaskAsItIs(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"later"},"id":"later","in":"1h"}`))
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/later?wait=1ns", ""), "state=scheduled", "ended=false")
	})
}

func TestATaskThatFailsSaysWhyInPlaceOfAResult(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"x","fail":true},"id":"x"}`, "Prefer: wait=30"), "state=failed", "last_error=it is to fail")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/tasks/x/result?wait=30s", ""), "type=/problems/task-failed", "state=failed", "detail=the task is failed: it is to fail")
	})
}

func TestWhatIsNotATaskIsRefusedByItsPlaceAndNothingIsSent(t *testing.T) {
	onEach(t, false, func(d *door) {
		for body, want := range map[string][]string{
			`{`:                             {"400", "/problems/malformed", "", "the body is not JSON at byte 1, at its top: unexpected EOF"},
			`{"kind":"echo","kind":"echo"}`: {"400", "/problems/malformed", "", `the body is not JSON at byte 15, at "/kind": duplicate object member name`},
			`{"kind":"echo","payload":{"text":"a","text":"b"}}`:   {"400", "/problems/malformed", "", `the body is not JSON at byte 37, at "/payload/text": duplicate object member name`},
			"{\"kind\":\"echo\",\"payload\":{\"text\":\"\xff\"}}": {"400", "/problems/malformed", "", `the body is not JSON at byte 34, at "/payload/text": invalid UTF-8`},
			`{"kind":"echo"} {}`:           {"400", "/problems/malformed", "", "data follows the JSON value: send one value"},
			`{"payload":{}}`:               {"422", "/problems/invalid", "", "expected required property kind to be present"},
			`{"kind":"echo","pay":{}}`:     {"422", "/problems/invalid", "/pay", "unexpected property"},
			`{"kind":"nothing"}`:           {"422", "/problems/unknown-kind", "/kind", `kind "nothing" is unknown: known are agent_scout, briefing_deliver, briefing_generate, briefing_write, collect, echo, scrape_feed, scrape_page, scrape_site, scrape_sitemap`},
			`{"kind":"echo"}`:              {"422", "/problems/invalid", "/payload", "expected required property text to be present"},
			`{"kind":"echo","payload":[]}`: {"422", "/problems/invalid", "/payload", "expected object"},
			`{"kind":"echo","payload":{"text":"x","rows":[1,"2"]}}`:                                                           {"422", "/problems/invalid", "/payload/rows/1", "expected integer"},
			`{"kind":"echo","payload":{"text":""}}`:                                                                           {"422", "/problems/invalid", "/payload/text", `echo: field "text" is empty: say something`},
			`{"kind":"echo","payload":{"text":"x"},"in":"soon"}`:                                                              {"422", "/problems/invalid", "/in", `expected string to match pattern ^[0-9]+(\.[0-9]+)?(ms|s|m|h)([0-9.]+(ms|s|m|h))*$`},
			`{"kind":"echo","payload":{"text":"x"},"in":"1m","at":"2090-01-01T00:00:00Z"}`:                                    {"422", "/problems/invalid", "/in", "at and in are both given: leave one out"},
			`{"kind":"echo","payload":{"text":"x"},"queue":"nowhere"}`:                                                        {"422", "/problems/invalid", "", `echo: unknown queue "nowhere": use one of agents, briefings, default, scraping`},
			`{"kind":"echo","payload":{"text":"x"},"at":"2090-01-02T00:00:00Z","expires":"2090-01-01T00:00:00Z","id":"late"}`: {"422", "/problems/invalid", "", "echo: its deadline 2090-01-01T00:00:00Z is not after its time 2090-01-02T00:00:00Z, and it would never run: give a later one"},
		} {
			a := d.do("POST", "/v1/tasks", body)
			got := []string{fmt.Sprint(a.status), a.field("type"), "", a.field("detail")}
			if a.field("errors.0.detail") != "null" && a.field("errors.0.detail") != "" {
				got[2], got[3] = strings.TrimPrefix(a.field("errors.0.pointer"), "null"), a.field("errors.0.detail")
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				d.Errorf("%s:\n got %q\nwant %q", body, got, want)
			}
		}
		if n, err := d.system.Redis.Exists(d.Context(), "asynq:{default}:pending", "asynq:{default}:scheduled").Result(); n != 0 || err != nil {
			d.Errorf("%d keys of the queue, %v", n, err)
		}
		d.want(http.StatusRequestEntityTooLarge, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"`+strings.Repeat("x", 2<<20)+`"}}`), "type=/problems/too-large")
		d.want(http.StatusUnsupportedMediaType, d.do("POST", "/v1/tasks", `{}`, "Content-Type: text/plain"), "type=/problems/media-type")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/tasks?limt=3", ""), "errors.0.parameter=limt")
		d.want(http.StatusMethodNotAllowed, d.do("PUT", "/v1/tasks", `{}`), "type=/problems/no-such-method")
		d.want(http.StatusNotFound, d.do("GET", "/v1/tasks/none", ""), "type=/problems/not-found", `detail=there is no task "none"`)
	})
}

func TestAnIDIsATaskOfItsOwn(t *testing.T) {
	onEach(t, false, func(d *door) {
		const body = `{"kind":"echo","payload":{"text":"a"},"id":"x"}`
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", body))
		a := d.want(http.StatusOK, d.do("POST", "/v1/tasks", `{"id":"x","kind":"echo","payload":{ "text":"a" }}`), "id=x", "state=waiting")
		if a.header.Get("Idempotency-Replayed") != "true" {
			d.Error("nothing says that it was there before")
		}
		d.want(http.StatusConflict, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"b"},"id":"x"}`), "type=/problems/id-taken", "task=/v1/tasks/x?queue=default")
	})
}

func TestManyTasksAreSentTogetherAndEachHasAnAnswer(t *testing.T) {
	onEach(t, false, func(d *door) {
		const items = `[{"kind":"echo","payload":{"text":"a"},"id":"a"},{"kind":"echo","payload":{"text":1}},{"kind":"echo","payload":{"text":"a"},"id":"a"},{"kind":"nothing"}]`
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks/batch", `{"atomic":true,"items":`+items+`}`), "type=/problems/invalid", "errors.0.pointer=/items/1/payload/text")
		if n, err := d.system.Redis.LLen(d.Context(), "asynq:{default}:pending").Result(); n != 0 || err != nil {
			d.Errorf("%d tasks wait, %v", n, err)
		}
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"items":`+items+`}`), "sent=1", "duplicates=1", "refused=2",
			"items.0.status=sent", "items.0.id=a", "items.1.status=refused", "items.1.problem.errors.0.pointer=/items/1/payload/text", "items.2.status=duplicate", "items.3.problem.type=/problems/unknown-kind")
		var many []string
		for i := range 1000 {
			many = append(many, fmt.Sprintf(`{"kind":"echo","payload":{"text":"%d"}}`, i))
		}
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"items":[`+strings.Join(many, ",")+`]}`), "sent=1000")
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks/batch", `{"items":[`+strings.Join(append(many, many[0]), ",")+`]}`), "errors.0.pointer=/items")
	})
}

func TestATaskExpiresSoLongFromNowWhateverTheCallersClockSays(t *testing.T) {
	onEach(t, false, func(d *door) {
		const body = `{"kind":"echo","payload":{"text":"x"},"id":"x","expires_in":"90s"}`
		before := time.Now()
		a := d.want(http.StatusCreated, d.do("POST", "/v1/tasks", body, "Idempotency-Key: k"), "id=x")
		until, err := time.Parse(time.RFC3339, a.field("expires"))
		if err != nil || until.Before(before.Add(90*time.Second)) || until.After(time.Now().Add(90*time.Second)) {
			t.Errorf("it expires at %s: %v", a.field("expires"), err)
		}
		kept := d.want(http.StatusOK, d.do("GET", "/v1/tasks/x", ""))
		if shown, err := time.Parse(time.RFC3339, kept.field("expires")); err != nil || shown.Unix() != until.Unix() {
			t.Errorf("it is kept as %s, told as %s: %v", kept.field("expires"), until, err)
		}
		d.want(http.StatusOK, d.do("POST", "/v1/tasks", body, "Idempotency-Key: k"), "id=x")
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"x"},"expires":"2090-01-01T00:00:00Z","expires_in":"1h"}`),
			"errors.0.pointer=/expires_in", "detail=expires and expires_in are both given: leave one out")
	})
}
