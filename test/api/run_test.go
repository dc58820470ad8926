package api

import (
	"net/http"
	"strings"
	"testing"

	"switchyard/internal/config"
	"switchyard/internal/llm"
	"switchyard/internal/tasks/agents"
	"switchyard/internal/tokens"
	"switchyard/test/llmtest"
)

func TestARunTellsWhatItsModelTookAndSaid(t *testing.T) {
	models, err := llmtest.Start(func(llmtest.Ask) llmtest.Reply { return llmtest.Say("Nothing is new. " + strings.Repeat("é", 5000)) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(models.Close)
	onEach(t, true, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"agent_talker","payload":{"user":"ada"},"id":"r"}`, "Prefer: wait=30"), "state=succeeded")
		a := d.want(http.StatusOK, d.do("GET", "/v1/tasks/r/run", ""), "kind=agent_talker", "user=ada", "steps.0.name=model 1", "steps.0.state=done", "transcript=null")
		if input := a.field("usage.input"); input == "0" || input == "" || input != a.field("steps.0.usage.input") || a.field("usage.model") == "" {
			d.Errorf("used %s, by step %s", a.field("usage"), a.field("steps.0.usage"))
		}
		a = d.want(http.StatusOK, d.do("GET", "/v1/tasks/r/run?transcript=true", ""), "transcript.0.step=model 1", "transcript.0.role=model", "transcript.0.cut=true", "transcript.1=")
		if text := a.field("transcript.0.text"); len(text) != 8000 || !strings.HasPrefix(text, "Nothing is new. é") {
			d.Errorf("%d bytes: %.30s", len(text), text)
		}
		d.make(tokens.New{User: "eve"}, "runs:read", "tasks:read", "brake:read")
		d.want(http.StatusNotFound, d.do("GET", "/v1/tasks/r/run?transcript=true", ""), "type=/problems/not-found")
		d.want(http.StatusNotFound, d.do("GET", "/v1/users/ada/history", ""), "type=/problems/not-found")
		d.make(tokens.New{User: "ada"}, "tasks:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/tasks/r/run?transcript=true", ""), "scope=runs:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/users/ada/history", ""), "scope=brake:read")
	}, func(c *config.Config) {
		c.Models = map[string]llm.Definition{"main": models.Definition(llm.Chat)}
		c.Agents = map[string]agents.Definition{"talker": {Runtime: "llm", Model: "main", Instructions: "Talk."}, "scout": {Runtime: "rank"}}
	})
}

func TestTheLatestEventsOfAUserAreToldNewestFirst(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("GET", "/v1/users/ada/history", ""), "items=[]")
		for i, text := range []string{`{"n":0}`, `{"n":1}`, `{"n":2}`} {
			if err := d.system.Events.Tell(t.Context(), "ada", "progress", []byte(text)); err != nil {
				t.Fatal(i, err)
			}
		}
		d.want(http.StatusOK, d.do("GET", "/v1/users/ada/history?limit=2", ""), "items.0.n=2", "items.0.seq=3", "items.0.type=progress", "items.0.user=ada", "items.1.n=1", "items.2=")
		d.want(http.StatusOK, d.do("GET", "/v1/users/ada/history", ""), "items.2.n=0", "items.3=")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/users/ada/history?limit=257", ""), "errors.0.parameter=limit")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/users/*/history", ""), "errors.0.parameter=user")
	})
}
