package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"switchyard/internal/config"
	"switchyard/internal/tokens"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func withHooks(c *config.Config) {
	c.Webhooks = config.Webhooks{Secret: hookSecret, AllowPrivate: true}
}

// hook is an address that is told of ends.
type hook struct {
	url  string
	told chan answer // what it was told, signed
}

func newHook(t testing.TB, status int) *hook {
	verify, err := standardwebhooks.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	h := &hook{told: make(chan answer, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := verify.Verify(body, r.Header); err != nil {
			t.Errorf("a hook is told %s: %v", body, err)
		}
		w.WriteHeader(status)
		h.told <- answer{header: r.Header, body: string(body)}
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func TestAnAddressIsToldOfTheEndOfATask(t *testing.T) {
	onEach(t, true, func(d *door) {
		h := newHook(d, http.StatusOK)
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"x","notify":[{"url":"`+h.url+`","on":["succeeded","failed"]}]}`))
		told := <-h.told
		task := d.want(http.StatusOK, d.do("GET", "/v1/tasks/x", ""), "state=succeeded")
		for name, want := range map[string]string{
			"type": "task.succeeded", "data.id": "x", "data.state": "succeeded", "data.ended": "true", "data.result.text": "a", "data.payload.text": "a",
			"data.links.self": task.field("links.self"), "data.run": task.field("run"), "timestamp": told.field("data.ended_at"),
		} {
			if got := told.field(name); got != want {
				d.Errorf("%s is %q, want %q: %s", name, got, want, told.body)
			}
		}
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"never","in":"1h","notify":[{"url":"`+h.url+`"}]}`))
		if a := d.do("POST", "/v1/tasks/never/cancel", ""); a.status != http.StatusAccepted && a.field("state") != "cancelled" {
			d.Errorf("%d: %s, want one that is to end or has ended", a.status, a.body)
		}
		if told := <-h.told; told.field("type") != "task.cancelled" || told.field("data.id") != "never" {
			d.Errorf("told %s", told.body)
		}
	}, withHooks)
}

func TestADeliveryThatFailedForGoodIsListedAndSentAgain(t *testing.T) {
	onEach(t, true, func(d *door) {
		h := newHook(d, http.StatusGone)
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"x","notify":[{"url":"`+h.url+`"}]}`))
		first := (<-h.told).header.Get("webhook-id")
		id := ""
		for id == "" && d.Context().Err() == nil {
			list := d.want(http.StatusOK, d.do("GET", "/v1/tasks?kind=webhook_deliver&state=failed", ""))
			if list.field("items.0") != "null" && list.field("items.0") != "" {
				id = list.field("items.0.id")
			}
		}
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/"+id, ""), "payload.task.id=x", "payload.url="+h.url)
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks/"+id+"/replay", ""))
		if again := (<-h.told).header.Get("webhook-id"); again != first {
			d.Errorf("the event is %s, and was %s", again, first)
		}
	}, withHooks)
}

func TestWhoMayNotHaveEndsToldIsRefused(t *testing.T) {
	const send = `{"kind":"echo","payload":{"text":"a"},"notify":[{"url":"https://app.example.com/hook"}]}`
	onEach(t, false, func(d *door) {
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", send), "errors.0.pointer=/notify/0/url",
			"detail=webhooks.secret is not set, and what is not signed is not posted: set it to whsec_ and base64, for workers and the monitor")
		d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"webhook_deliver","payload":{"id":"x","url":"https://app.example.com/","at":"2030-01-01T00:00:00Z","task":{"state":"failed"}}}`))
	})
	onEach(t, false, func(d *door) {
		for _, notify := range []string{
			`[{"url":"ftp://app.example.com/"}]`, `[{"url":"https://eve:x@app.example.com/"}]`, `[{"url":"https://evil.example.org/"}]`, `[{}]`,
			`[{"url":"https://app.example.com/","on":["running"]}]`, `[{"url":"https://app.example.com/","when":"now"}]`,
			`[{"url":"https://a/"},{"url":"https://a/"},{"url":"https://a/"},{"url":"https://a/"},{"url":"https://a/"},{"url":"https://a/"}]`,
		} {
			d.want(http.StatusUnprocessableEntity, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"notify":`+notify+`}`), "type=/problems/invalid")
		}
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/batch", `{"items":[`+send+`,{"kind":"echo","payload":{"text":"a"},"notify":[{"url":"https://evil.example.org/"}]}]}`),
			"sent=1", "refused=1", "items.1.problem.errors.0.pointer=/items/1/notify/0/url")
		d.make(tokens.New{}, "tasks:send")
		d.want(http.StatusForbidden, d.do("POST", "/v1/tasks", send), "scope=tasks:notify")
		d.make(tokens.New{}, "tasks:send", "tasks:notify")
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", send))
	}, withHooks, func(c *config.Config) { c.Webhooks.Allow = []string{"app.example.com"} })
}
