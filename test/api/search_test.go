package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"switchyard/internal/tasks"
	"switchyard/internal/tokens"
)

// items returns the IDs of the items of all pages from an address on.
func (d *door) items(path string) (ids []string) {
	d.Helper()
	for pages := 0; path != ""; pages++ {
		a := d.want(http.StatusOK, d.do("GET", path, ""))
		for i := range 1000 {
			id := a.field(fmt.Sprintf("items.%d.id", i))
			if id == "" || id == "null" {
				break
			}
			ids = append(ids, id)
		}
		path = strings.TrimSuffix(strings.TrimPrefix(a.header.Get("Link"), "<"), `>; rel="next"`)
		if pages > 100 {
			d.Fatal("the pages have no end")
		}
	}
	return ids
}

func TestTasksAreSearchedByWhatIsKnownOfThem(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","id":"a","payload":{"text":"a","user":"ada"},"tags":["order:1","rush"],"meta":{"request":"r 1"}}`),
			"tags=[\"order:1\",\"rush\"]", `meta={"request":"r 1"}`)
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/a", ""), "tags=[\"order:1\",\"rush\"]", `meta={"request":"r 1"}`)
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"items":[
			{"kind":"echo","id":"b","payload":{"text":"b","user":"ada"},"tags":["order:2"]},
			{"kind":"echo","id":"c","payload":{"text":"c","user":"eve"},"tags":["order:1"],"in":"1h"}]}`), "sent=2")
		for query, want := range map[string]string{
			"tag=order:1":                 "c a",
			"tag=order:1&user=ada":        "a",
			"user=ada":                    "b a",
			"kind=ech*":                   "c b a",
			"kind=echo&state=scheduled":   "c",
			"tag=rush&state=failed":       "",
			"to=2020-01-01T00:00:00Z":     "",
			"from=2020-01-01T00:00:00Z":   "c b a",
			"user=ada&queue=agents":       "",
			"state=waiting&tag=order%3A2": "b",
		} {
			for _, limit := range []int{1, 100} {
				if got := strings.Join(d.items(fmt.Sprintf("/v1/tasks?%s&limit=%d", query, limit)), " "); got != want {
					d.Errorf("%s by %d: %q, want %q", query, limit, got, want)
				}
			}
		}
		next := d.want(http.StatusOK, d.do("GET", "/v1/tasks?user=ada&limit=1", "")).field("next")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/tasks?user=eve&limit=1&cursor="+next, ""), "type=/problems/invalid")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/tasks?tag=a,b", ""), "type=/problems/invalid",
			`detail=tag "a,b" has a space, a comma or a character that cannot be seen: write it without`)
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"tags":["x","x"]}`), "errors.0.pointer=/tags",
			`errors.0.detail=echo: tag "x" is there twice: give it once`)
		d.make(tokens.New{User: "ada"}, "tasks:read")
		if got := strings.Join(d.items("/v1/tasks?tag=order:1"), " "); got != "a" {
			d.Errorf("ada finds %q by a tag that eve's task has too", got)
		}
		d.want(http.StatusNotFound, d.do("GET", "/v1/tasks?user=eve", ""), "type=/problems/not-found")
	})
}

func TestRunsAreListed(t *testing.T) {
	onEach(t, false, func(d *door) {
		for id, user := range map[string]string{"r1": "ada", "r2": "eve"} {
			if _, err := d.system.Queue.Enqueue(d.Context(), tasks.Raw{Name: "agent_scout", Payload: []byte(`{"user":"` + user + `"}`)}, tasks.Options{ID: id, Tags: []string{"x"}}); err != nil {
				d.Fatal(err)
			}
		}
		d.want(http.StatusOK, d.do("GET", "/v1/runs?user=ada", ""), "items.0.id=r1", "items.0.kind=agent_scout", "items.1.id=")
		if got := len(d.items("/v1/runs?tag=x&limit=1")); got != 2 {
			d.Errorf("%d runs by their tag, want 2", got)
		}
		if got := d.items("/v1/runs?waits=true"); len(got) != 0 {
			d.Errorf("%v wait for a person", got)
		}
		d.make(tokens.New{}, "tasks:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/runs", ""), "scope=runs:read")
	})
}
