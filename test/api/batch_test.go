package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/audit"
	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// then follows a batch.
const then = `"then":{"kind":"collect","results":"/input/results"}`

// followed waits for the task that follows a batch, and returns what it brought.
func (d *door) followed(batch string) string {
	d.Helper()
	id := d.want(http.StatusOK, d.do("GET", "/v1/batches/"+batch, "")).field("then.id")
	var a answer
	d.await("the batch is followed", func() bool {
		r, err := http.Get(d.url + "/v1/tasks/" + id + "?wait=20s")
		if err != nil {
			d.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode == http.StatusNotFound {
			return false
		}
		a = d.do("GET", "/v1/tasks/"+id, "")
		return a.field("ended") == "true"
	})
	return a.field("result")
}

func TestWhatFollowsABatchGetsItsResultsInTheirOrder(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"id":"b1",`+then+`,"items":[
			{"kind":"echo","id":"x","payload":{"text":"1"}},
			{"kind":"echo","id":"y","payload":{"text":"2","fail":true},"queue":"agents"},
			{"kind":"echo","id":"z","payload":{"text":"3"},"retention":"0s","queue":"briefings"},
			{"kind":"echo","id":"bad","payload":{"text":""}}]}`), "batch=b1", "sent=3", "refused=1")
		const want = `["x succeeded {\"text\":\"1\"}","y failed ","z succeeded {\"text\":\"3\"}"]`
		if got := d.followed("b1"); got != want {
			d.Errorf("what follows got %s, want %s", got, want)
		}
		d.want(http.StatusOK, d.do("GET", "/v1/batches/b1", ""), "total=3", "succeeded=2", "failed=1", "waiting=0", "running=0", "done=true", "then.kind=collect")
		d.want(http.StatusOK, d.do("GET", "/v1/batches/b1/results?limit=2", ""), "items.0.id=x", "items.1.error=it is to fail", "next=2")
		d.want(http.StatusOK, d.do("GET", "/v1/batches/b1/results?limit=2&cursor=2", ""), "items.0.id=z", `items.0.result={"text":"3"}`, "next=null")
	})
}

func TestABatchThatHasEndedBeforeItWasSentIsFollowed(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"id":"empty",`+then+`,"items":[]}`), "batch=empty", "sent=0")
		if got := d.followed("empty"); got != "[]" {
			d.Errorf("what follows an empty batch got %s", got)
		}
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"id":"refused",`+then+`,"items":[{"kind":"echo","payload":{}}]}`), "refused=1")
		if got := d.followed("refused"); got != "[]" {
			d.Errorf("what follows a batch of nothing but refused tasks got %s", got)
		}
	})
}

func TestABatchIsSentOnce(t *testing.T) {
	onEach(t, false, func(d *door) {
		const body = `{"id":"b",` + then + `,"items":[{"kind":"echo","payload":{"text":"1"}},{"kind":"echo","payload":{"text":"2"}}]}`
		first := d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", body), "sent=2")
		again := d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", body), "sent=2", "items.0.id="+first.field("items.0.id"))
		if again.header.Get("Idempotency-Replayed") != "true" || d.waiting() != 2 {
			d.Errorf("%d tasks wait, want 2", d.waiting())
		}
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks/batch", `{"id":"b","items":[{"kind":"echo","payload":{"text":"3"}}]}`), "type=/problems/key-reused")
		d.want(http.StatusConflict, d.do("POST", "/v1/tasks/batch", `{"id":"b","items":[{"kind":"echo","payload":{"text":"3"}}]}`, "Idempotency-Key: other"), "type=/problems/id-taken")
	})
}

func TestABatchIsCancelled(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"id":"b",`+then+`,"items":[
			{"kind":"echo","id":"later","payload":{"text":"1"},"in":"1h"},
			{"kind":"echo","id":"runs","payload":{"text":"2","hold":true},"queue":"agents"}]}`), "sent=2")
		d.await("it runs", func() bool { return d.do("GET", "/v1/batches/b", "").field("running") == "1" })
		d.want(http.StatusOK, d.do("POST", "/v1/batches/b/cancel", `{"reason":"enough"}`), "total=2")
		if got, want := d.followed("b"), `["later cancelled ","runs cancelled "]`; got != want {
			d.Errorf("what follows got %s, want %s", got, want)
		}
	})
}

func TestAMemberThatIsDeletedHoldsUpNoBatch(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"id":"b",`+then+`,"items":[
			{"kind":"echo","id":"gone","payload":{"text":"1"},"in":"1h"},{"kind":"echo","id":"x","payload":{"text":"2"}}]}`), "sent=2")
		if _, err := d.system.DeleteTasks(d.Context(), []tasks.Name{{Queue: "default", ID: "gone"}}, audit.Actor{Name: "op", Via: audit.Command}); err != nil {
			d.Fatal(err)
		}
		d.await("x has ended", func() bool { return d.do("GET", "/v1/batches/b", "").field("succeeded") == "1" })
		// The look that comes after a quarter of a minute comes now.
		if err := d.system.Redis.ZAdd(d.Context(), d.system.Config.Redis.Prefix+"batches", dueNow("b")).Err(); err != nil {
			d.Fatal(err)
		}
		if err := d.system.Batches.Look(d.Context()); err != nil {
			d.Fatal(err)
		}
		if got, want := d.followed("b"), `["gone deleted ","x succeeded {\"text\":\"2\"}"]`; got != want {
			d.Errorf("what follows got %s, want %s", got, want)
		}
	})
}

func TestResultsThatAreTooLargeAreLeftOut(t *testing.T) {
	onEach(t, true, func(d *door) {
		large := strings.Repeat("x", 50<<10)
		items := []string{`{"kind":"echo","payload":{"text":"` + strings.Repeat("y", 70<<10) + `"}}`}
		for range 30 {
			items = append(items, `{"kind":"echo","payload":{"text":"`+large+`"}}`)
		}
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"id":"b",`+then+`,"items":[`+strings.Join(items, ",")+`]}`), "sent=31")
		if got := strings.Count(d.followed("b"), " succeeded "); got != 31 {
			d.Errorf("what follows got %d results", got)
		}
		d.want(http.StatusOK, d.do("GET", "/v1/batches/b/results?limit=1", ""), "items.0.left_out=true")
	})
}

func TestABatchIsItsUsersAlone(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.make(tokens.New{User: "ada"}, "tasks:send", "tasks:read", "tasks:cancel")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"id":"b","items":[{"kind":"echo","payload":{"text":"1","user":"ada"}}]}`), "sent=1")
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks/batch", `{"id":"c","then":{"kind":"collect","payload":{"user":"eve"},"results":"/input/results"},"items":[]}`),
			"errors.0.pointer=/then/payload/user")
		d.make(tokens.New{User: "eve"}, "tasks:send", "tasks:read", "tasks:cancel")
		for _, ask := range []string{"GET /v1/batches/b", "GET /v1/batches/b/results", "POST /v1/batches/b/cancel"} {
			method, path, _ := strings.Cut(ask, " ")
			d.want(http.StatusNotFound, d.do(method, path, ""), `detail=there is no batch "b"`)
		}
		d.make(tokens.New{}, "tasks:read:scrape_*")
		d.want(http.StatusNotFound, d.do("GET", "/v1/batches/b", ""))
	})
}

func TestABatchThatCannotBeSaysWhy(t *testing.T) {
	onEach(t, false, func(d *door) {
		for body, want := range map[string]string{
			`{"items":[]}`:            "there are no items: give 1 to 1000, or say what follows with then",
			`{"id":"a b","items":[]}`: `batch ID "a b": use at most 100 letters, digits and _.:@+-, starting with a letter or digit`,
			`{"then":{"kind":"collect","results":"input"},"items":[]}`:                                `results "input" is no JSON pointer to a field: write it as /results or /input/results`,
			`{"then":{"kind":"collect","payload":{"input":1},"results":"/input/results"},"items":[]}`: `results: there is no object that could have a field "results"`,
			`{"then":{"kind":"none"},"items":[]}`:                                                     `kind "none" is unknown: known are agent_scout, briefing_deliver, briefing_generate, briefing_write, collect, echo, scrape_feed, scrape_page, scrape_site, scrape_sitemap`,
		} {
			a := d.do("POST", "/v1/tasks/batch", body)
			if got := a.field("errors.0.detail"); a.status != http.StatusUnprocessableEntity || got != want {
				d.Errorf("%s: %d %q, want %q", body, a.status, got, want)
			}
		}
	})
}

// dueNow has a batch looked at with the next look.
func dueNow(batch string) redis.Z { return redis.Z{Score: float64(time.Now().Unix()), Member: batch} }
