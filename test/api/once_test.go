package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// deed is a request that changes something, and what it needs to be there before.
type deed struct {
	name   string
	before func(d *door)
	path   string
	body   string
	first  int // the status of its answer
	again  int // the status of the answer to the same request again
	id     string
}

const later = `{"kind":"echo","payload":{"text":"a"},"id":"later","in":"1h"}`

// deeds are all requests that may have a key.
var deeds = []deed{
	{name: "send", before: func(*door) {}, path: "/v1/tasks", body: `{"kind":"echo","payload":{"text":"a"}}`, first: 201, again: 200, id: "id"},
	{name: "send many", before: func(*door) {}, path: "/v1/tasks/batch", body: `{"items":[{"kind":"echo","payload":{"text":"a"}},{"kind":"nothing"},{"kind":"echo","payload":{"text":"a"}}]}`, first: 200, again: 200, id: "items.2.id"},
	{name: "run", before: func(d *door) { d.want(201, d.do("POST", "/v1/tasks", later)) }, path: "/v1/tasks/later/run", first: 200, again: 200, id: "id"},
	{name: "cancel", before: func(d *door) { d.want(201, d.do("POST", "/v1/tasks", later)) }, path: "/v1/tasks/later/cancel", body: `{"reason":"x"}`, first: 200, again: 200, id: "id"},
	{name: "replay", before: func(d *door) {
		d.want(201, d.do("POST", "/v1/tasks", later))
		d.want(200, d.do("POST", "/v1/tasks/later/cancel", ""))
	}, path: "/v1/tasks/later/replay", first: 201, again: 200, id: "id"},
	{name: "run entry", before: func(d *door) {
		d.want(201, d.do("PUT", "/v1/schedule/x", `{"spec":"@yearly","kind":"echo","payload":{"text":"x"}}`))
	}, path: "/v1/schedule/x/run", first: 201, again: 200, id: "id"},
}

// onDeeds runs a test with each of them.
func onDeeds(t *testing.T, test func(d *door, x deed)) {
	for _, x := range deeds {
		t.Run(x.name, func(t *testing.T) {
			onEach(t, false, func(d *door) { x.before(d); test(d, x) })
		})
	}
}

// waiting counts the tasks that wait to be performed.
func (d *door) waiting() int64 {
	d.Helper()
	n, err := d.system.Redis.LLen(d.Context(), "asynq:{default}:pending").Result()
	if err != nil {
		d.Fatal(err)
	}
	return n
}

// ask makes a request with a key.
func (d *door) ask(x deed, key string) answer {
	d.Helper()
	return d.do("POST", x.path, x.body, "Idempotency-Key: "+key)
}

func TestARequestWithAKeyIsDoneOnce(t *testing.T) {
	onDeeds(t, func(d *door, x deed) {
		first := d.want(x.first, d.ask(x, "k"))
		waiting := d.waiting()
		again := d.want(x.again, d.ask(x, "k"), x.id+"="+first.field(x.id))
		if again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
			d.Errorf("replayed: %q, then %q", first.header.Get("Idempotency-Replayed"), again.header.Get("Idempotency-Replayed"))
		}
		if n := d.waiting(); n != waiting {
			d.Errorf("%d tasks wait, then %d", waiting, n)
		}
		if x.name == "send many" && first.body != again.body {
			d.Errorf("%s, then %s", first.body, again.body)
		}
	})
}

func TestAKeyIsThatOfOneRequest(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(201, d.do("POST", "/v1/tasks", later, "Idempotency-Key: k"))
		for _, r := range [][2]string{
			{"/v1/tasks", `{"kind":"echo","payload":{"text":"b"}}`}, {"/v1/tasks/batch", `{"items":[` + later + `]}`},
			{"/v1/tasks/later/run", ""}, {"/v1/tasks/later/cancel", ""}, {"/v1/tasks/later/replay", ""},
		} {
			d.want(http.StatusUnprocessableEntity, d.do("POST", r[0], r[1], "Idempotency-Key: k"), "type=/problems/key-reused",
				"detail=the Idempotency-Key was used for a request to another address or with another body: give each request a key of its own")
		}
		// White space says nothing.
		d.want(200, d.do("POST", "/v1/tasks", strings.ReplaceAll(later, `,`, " ,\n"), "Idempotency-Key: k"), "id=later", "state=scheduled")
		// A request that was refused may be mended and made again.
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"c"},"queue":"nowhere"}`, "Idempotency-Key: r"))
		d.want(201, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"c"}}`, "Idempotency-Key: r"))
		d.want(http.StatusConflict, d.do("POST", "/v1/tasks/later/replay", "", "Idempotency-Key: s"), "type=/problems/wrong-state")
		d.want(200, d.do("POST", "/v1/tasks/later/cancel", "", "Idempotency-Key: s"), "state=cancelled")
	})
}

// TestAKeyUsedAtOnceByTwoServersIsOneRequest has two servers on one Redis get the same request many
// times at once.
func TestAKeyUsedAtOnceByTwoServersIsOneRequest(t *testing.T) {
	onDeeds(t, func(d *door, x deed) {
		other := open(d.TB.(*testing.T), d.system.Config.Redis.URL, false)
		var all sync.WaitGroup
		var mu sync.Mutex
		ids, others, firsts := map[string]int{}, map[string]int{}, 0
		for i := range 20 {
			door := []*door{d, other}[i%2]
			all.Go(func() {
				a := door.ask(x, "k")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case a.status >= 300:
					others[fmt.Sprintf("%d %s, again after %s", a.status, a.field("type"), a.header.Get("Retry-After"))]++
				case a.header.Get("Idempotency-Replayed") == "":
					firsts++
					fallthrough
				default:
					ids[a.field(x.id)]++
				}
			})
		}
		all.Wait()
		delete(others, "409 /problems/key-in-progress, again after 1")
		if len(ids) != 1 || firsts != 1 || len(others) > 0 {
			d.Errorf("tasks %v, %d first answers and others %v, want one task and one first answer", ids, firsts, others)
		}
		want := map[string]int64{"send many": 2, "cancel": 0}
		n, ok := want[x.name]
		if !ok {
			n = 1
		}
		if got := d.waiting(); got != n {
			d.Errorf("%d tasks wait, want %d", got, n)
		}
	})
}

// unanswer has it be as if the server was killed that was at a request: soon says that this is only
// just so.
func (d *door) unanswer(soon bool) {
	d.Helper()
	keys, err := d.system.Redis.Keys(d.Context(), "switchyard:request:*").Result()
	if err != nil || len(keys) != 1 {
		d.Fatalf("%v, %v", keys, err)
	}
	busy := int64(0)
	if soon {
		now, err := d.system.Redis.Time(d.Context()).Result()
		if err != nil {
			d.Fatal(err)
		}
		busy = now.UnixMilli() + 60_000
	}
	d.system.Redis.HDel(d.Context(), keys[0], "answer")
	d.system.Redis.HSet(d.Context(), keys[0], "busy", busy)
}

// TestAServerThatWasKilledHasDoneARequestOnceOrNot leaves behind what a server does that is killed
// before it answers, and has the tasks be gone or otherwise by the time the request is made again.
func TestAServerThatWasKilledHasDoneARequestOnceOrNot(t *testing.T) {
	onDeeds(t, func(d *door, x deed) {
		first := d.want(x.first, d.ask(x, "k"))
		d.unanswer(true)
		a := d.want(http.StatusConflict, d.ask(x, "k"), "type=/problems/key-in-progress")
		if a.header.Get("Retry-After") != "1" {
			d.Error("nothing says when to ask again")
		}
		id := first.field(x.id)
		switch x.name {
		case "run": // somebody cancels it meanwhile
			d.want(200, d.do("POST", "/v1/tasks/later/cancel", ""))
		case "cancel": // somebody runs it meanwhile
			d.want(200, d.do("POST", "/v1/tasks/later/run", ""))
		default: // it was performed meanwhile, and is not kept
			d.want(204, d.do("DELETE", "/v1/tasks/"+id, ""))
		}
		waiting := d.waiting()
		d.unanswer(false)
		d.want(x.first, d.ask(x, "k"), x.id+"="+id)
		if n := d.waiting(); n != waiting {
			d.Errorf("%d tasks wait, then %d: it was done twice", waiting, n)
		}
	})
}

// TestARequestWhoseCallerIsGoneIsTakenUpByTheNextOneAtOnce has the caller hang up while Redis is asked.
func TestARequestWhoseCallerIsGoneIsTakenUpByTheNextOneAtOnce(t *testing.T) {
	onEach(t, false, func(d *door) {
		ctx, hangUp := context.WithCancel(d.Context())
		var once sync.Once
		d.system.Redis.AddHook(afterFirst{func() { once.Do(hangUp) }})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+"/v1/tasks", strings.NewReader(later))
		if err != nil {
			d.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "k")
		if res, err := http.DefaultTransport.RoundTrip(r); err == nil {
			_ = res.Body.Close()
		}
		a := d.do("POST", "/v1/tasks", later, "Idempotency-Key: k")
		for a.status == http.StatusConflict && a.field("type") == "/problems/key-in-progress" { // the first one is told to stop
			a = d.do("POST", "/v1/tasks", later, "Idempotency-Key: k")
		}
		if a.status != http.StatusCreated && a.status != http.StatusOK {
			d.Errorf("%d: %s", a.status, a.body)
		}
		d.want(200, d.do("GET", "/v1/tasks/later", ""), "state=scheduled")
	})
}

func TestWhatIsKeptOfARequestIsBounded(t *testing.T) {
	onEach(t, false, func(d *door) {
		long := strings.Repeat("x", 900<<10)
		first := d.want(201, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"`+long+`"}}`, "Idempotency-Key: k"))
		d.want(200, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"`+long+`"}}`, "Idempotency-Key: k"), "id="+first.field("id"), "payload.text="+long)
		bad := strings.Repeat(`{"kind":"nothing"},`, 999) + `{"kind":"nothing"}`
		d.want(200, d.do("POST", "/v1/tasks/batch", `{"items":[`+bad+`]}`, "Idempotency-Key: l"), "refused=1000")
		d.want(200, d.do("POST", "/v1/tasks/batch", `{"items":[`+bad+`]}`, "Idempotency-Key: l"), "refused=1000", "items.999.problem.type=/problems/unknown-kind", "items.999.problem.status=422")
		keys, err := d.system.Redis.Keys(d.Context(), "switchyard:request:*").Result()
		if err != nil || len(keys) != 2 {
			d.Fatalf("%v, %v", keys, err)
		}
		for _, key := range keys {
			fields, err := d.system.Redis.HGetAll(d.Context(), key).Result()
			if err != nil {
				d.Fatal(err)
			}
			if n := len(fields["answer"]); n == 0 || n > 512<<10 {
				d.Errorf("%d bytes are kept of an answer", n)
			}
			if left, err := d.system.Redis.TTL(d.Context(), key).Result(); err != nil || left <= 0 {
				d.Errorf("it is kept for %s, %v", left, err)
			}
		}
	})
}

// TestUnreadableRequestsAreNotTakenForOthers damages what is kept of a request.
func TestUnreadableRequestsAreNotTakenForOthers(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(201, d.do("POST", "/v1/tasks", later, "Idempotency-Key: k"))
		keys, err := d.system.Redis.Keys(d.Context(), "switchyard:request:*").Result()
		if err != nil || len(keys) != 1 {
			d.Fatalf("%v, %v", keys, err)
		}
		for name, damage := range map[string]func(){
			"the answer is no JSON": func() { d.system.Redis.HSet(d.Context(), keys[0], "answer", "{") },
			"the ID is none": func() {
				d.system.Redis.HDel(d.Context(), keys[0], "answer")
				d.system.Redis.HSet(d.Context(), keys[0], "id", "x", "busy", "never")
			},
			"it is a list": func() { d.system.Redis.Del(d.Context(), keys[0]); d.system.Redis.LPush(d.Context(), keys[0], "x") },
		} {
			damage()
			a := d.do("POST", "/v1/tasks", later, "Idempotency-Key: k")
			if a.status != http.StatusUnprocessableEntity || a.field("detail") != "what is kept of the first request with this Idempotency-Key cannot be read: use another one" {
				d.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
	})
}

func TestAnIDThatABatchHasTwiceIsADuplicateAlsoWithAKey(t *testing.T) {
	onEach(t, false, func(d *door) {
		const items = `{"items":[{"kind":"echo","payload":{"text":"a"},"id":"x"},{"kind":"echo","payload":{"text":"a"},"id":"x"}]}`
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", items, "Idempotency-Key: k"), "sent=1", "duplicates=1", "items.0.status=sent", "items.1.status=duplicate")
	})
}
