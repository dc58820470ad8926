package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"switchyard/internal/audit"
	"switchyard/internal/tokens"
)

// sendSome sends tasks of IDs with a user, each due in an hour.
func (d *door) sendSome(user string, ids ...string) {
	d.Helper()
	var items []string
	for _, id := range ids {
		items = append(items, fmt.Sprintf(`{"kind":"echo","id":%q,"payload":{"text":"a","user":%q},"tags":["bulk"],"in":"1h"}`, id, user))
	}
	d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"items":[`+strings.Join(items, ",")+`]}`), fmt.Sprint("sent=", len(ids)))
}

// noted returns what the audit log says was done to many tasks, the latest first.
func (d *door) noted() (all []string) {
	d.Helper()
	records, err := d.system.Audit.Read(d.Context(), "", 1000)
	if err != nil {
		d.Fatal(err)
	}
	for _, r := range slices.DeleteFunc(records, func(r audit.Record) bool { return r.Task != "" }) {
		all = append(all, r.Did+": "+r.Detail)
	}
	return all
}

func TestWhatIsPreviewedIsWhatIsChanged(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.sendSome("ada", "a", "b")
		d.sendSome("eve", "c")
		preview := d.want(http.StatusOK, d.do("POST", "/v1/tasks/cancel", `{"tag":"bulk","user":"ada","dry_run":true}`), "dry_run=true", "matched=2", "more=false",
			`states={"scheduled":2}`, `kinds={"echo":2}`, "sample.0.id=b", "sample.1.id=a", "sample.1.state=scheduled", "done=0", "refused=[]", "refused_count=0")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/a", ""), "state=scheduled")
		d.sendSome("ada", "later")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/cancel", `{"tag":"bulk","user":"ada","reason":"no need","to":"`+preview.field("before")+`"}`),
			"dry_run=false", "matched=2", `states={"scheduled":2}`, "done=2", "refused_count=0", "before=null")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/a", ""), "state=cancelled", "last_error=cancelled by a request from 127.0.0.1: no need")
		for _, id := range []string{"c", "later"} {
			d.want(http.StatusOK, d.do("GET", "/v1/tasks/"+id, ""), "state=scheduled")
		}
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/run", `{"error":"NO NEED"}`), "matched=2", "done=2", `states={"cancelled":2}`)
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/a", ""), "state=waiting")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/delete", `{"names":["default/a","default/b","default/none","nowhere/c"]}`), "matched=2", "done=2", "refused_count=2",
			`refused.0={"detail":"no task \"none\" in queue \"default\": it may have been done, and its retention be over","id":"none","queue":"default"}`, "refused.1.queue=nowhere")
		if got := d.items("/v1/tasks?tag=bulk"); !slices.Equal(got, []string{"later", "c"}) {
			d.Errorf("%v are left, want later and c", got)
		}
		want := []string{
			"delete tasks: 4 named tasks: 2 done, 2 left as they were",
			`run tasks: error="NO NEED": 2 done, 0 left as they were`,
		}
		if got := d.noted(); len(got) != 3 || !slices.Equal(got[:2], want) || !strings.HasPrefix(got[2], `cancel tasks: user="ada" tag="bulk" to="`) {
			d.Errorf("the audit log says %q, want %q and the cancellation", got, want)
		}
	})
}

func TestManyTasksAreReplayedOnceForAKey(t *testing.T) {
	onEach(t, true, func(d *door) {
		for _, id := range []string{"a", "b"} {
			d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","id":"`+id+`","payload":{"text":"a","fail":true}}`))
			d.want(http.StatusOK, d.do("GET", "/v1/tasks/"+id+"?wait=30s", ""), "state=failed")
		}
		d.sendSome("ada", "waits")
		for i := range 2 {
			a := d.want(http.StatusOK, d.do("POST", "/v1/tasks/replay", `{"kind":"echo","state":["failed","scheduled"]}`, "Idempotency-Key: k"), "matched=3", "done=2",
				"refused_count=1", `refused.0={"detail":"task default/waits is scheduled: only what has ended is replayed","id":"waits","queue":"default","state":"scheduled"}`)
			if got := a.header.Get("Idempotency-Replayed"); got != []string{"", "true"}[i] {
				d.Errorf("request %d is answered as replayed %q", i, got)
			}
		}
		if got := d.items("/v1/tasks?kind=echo"); len(got) != 5 {
			d.Errorf("%v are there, want the three and two new ones", got)
		}
	})
}

func TestASelectionMeansSomething(t *testing.T) {
	onEach(t, false, func(d *door) {
		for body, want := range map[string]string{
			`{}`:                                   "no task is meant: give at least one of queue, kind, state, user, tag, error, since and from, or names",
			`{"to":"2030-01-01T00:00:00Z"}`:        "no task is meant: give at least one of queue, kind, state, user, tag, error, since and from, or names",
			`{"names":["default/a"],"user":"ada"}`: "names are given and a filter, too: give one of them",
			`{"names":["a"]}`:                      `name "a": give it as queue/id`,
			`{"tag":"a b"}`:                        `tag "a b" has a space, a comma or a character that cannot be seen: write it without`,
			`{"state":["lost"]}`:                   `state "lost": use one of waiting, scheduled, held, running, retrying, parked, succeeded, failed, cancelled, expired, broken`,
		} {
			for _, what := range []string{"cancel", "run", "replay", "delete"} {
				d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks/"+what, body), "type=/problems/invalid", "detail="+want)
			}
		}
	})
}

func TestATaskMayBeNamedAsWhatIsDoneToMany(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.sendSome("ada", "cancel", "delete")
		undescribed := func(method, path string) int { // a description knows one of two addresses that are alike
			r, err := http.NewRequestWithContext(d.Context(), method, d.url+path, nil)
			if err != nil {
				d.Fatal(err)
			}
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				d.Fatal(err)
			}
			_ = res.Body.Close()
			return res.StatusCode
		}
		d.want(http.StatusOK, d.plain("/v1/tasks/cancel"), "id=cancel")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/cancel/cancel", ""), "id=cancel", "state=cancelled")
		for _, id := range []string{"cancel", "delete"} {
			if status := undescribed("DELETE", "/v1/tasks/"+id); status != http.StatusNoContent {
				d.Errorf("the task %s is deleted with %d", id, status)
			}
		}
		d.want(http.StatusMethodNotAllowed, d.do("POST", "/v1/tasks/other", ""))
	})
}

func TestNobodyCountsOrChangesTasksOfOthers(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.sendSome("ada", "a")
		d.sendSome("eve", "e")
		d.make(tokens.New{User: "ada"}, "tasks:cancel")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/cancel", `{"kind":"echo","dry_run":true}`), "matched=1", "sample.0.id=a")
		d.want(http.StatusNotFound, d.do("POST", "/v1/tasks/cancel", `{"user":"eve","dry_run":true}`), "type=/problems/not-found")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/cancel", `{"names":["default/a","default/e"]}`), "matched=1", "done=1", "refused_count=1", "refused.0.id=e", "refused.0.state=null")
		d.make(tokens.New{}, "tasks:cancel:agent_*")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/delete", `{"tag":"bulk"}`), "matched=0", "done=0")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tasks/delete", `{"kind":"echo"}`), "scope=tasks:cancel:echo")
		d.make(tokens.New{}, "tasks:read")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tasks/delete", `{"tag":"bulk"}`), "scope=tasks:cancel")
	})
}

// TestManyTasksAreChangedPartByPart has more tasks than one request changes. A slow machine has more parts.
func TestManyTasksAreChangedPartByPart(t *testing.T) {
	onEach(t, false, func(d *door) {
		const many = 10_050
		for at := 0; at < many; at += 1000 {
			var ids []string
			for i := at; i < min(many, at+1000); i++ {
				ids = append(ids, fmt.Sprint("t", i))
			}
			d.sendSome("ada", ids...)
		}
		if matched, _, parts := d.inParts(true, 100_000); matched != many || parts < 1 {
			d.Errorf("%d tasks are counted in %d parts, want %d", matched, parts, many)
		}
		if matched, refused, parts := d.inParts(false, 10_000); matched != many || refused != many || parts < 2 {
			d.Errorf("%d tasks are meant and %d refused in %d parts, want %d in more than one", matched, refused, parts, many)
		}
	})
}

// inParts has tasks replayed that wait, which all are refused, or only counts them, until nothing is
// left. It adds up the parts, none of which may have more than most tasks.
func (d *door) inParts(dryRun bool, most int) (matched, refused, parts int) {
	d.Helper()
	for cursor, more := "", "true"; more == "true"; parts++ {
		a := d.want(http.StatusOK, d.do("POST", "/v1/tasks/replay", fmt.Sprintf(`{"tag":"bulk","dry_run":%v,"cursor":%q}`, dryRun, cursor)))
		n, _ := strconv.Atoi(a.field("matched"))
		m, _ := strconv.Atoi(a.field("refused_count"))
		if n > most || a.status != http.StatusOK {
			d.Fatalf("a part has %d tasks, at most %d are allowed: %.300s", n, most, a.body)
		}
		matched, refused, cursor, more = matched+n, refused+m, a.field("next"), a.field("more")
	}
	return matched, refused, parts
}
