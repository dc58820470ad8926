package app

import (
	"testing"
	"time"

	"go.uber.org/zap"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/test/llmtest"
)

func TestAJournalGoesWithItsResultOrStaysWithItsDeadTask(t *testing.T) {
	onEachRedis(t, func(t *testing.T, url string) {
		models, err := llmtest.Start(func(a llmtest.Ask) llmtest.Reply {
			if a.Model == "silent" {
				return llmtest.Say("")
			}
			return llmtest.Say("Nothing is new.")
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(models.Close)
		c := guided(t, url, false)
		c.Models = map[string]llm.Definition{"main": models.Definition(llm.Chat), "silent": {API: llm.Chat, Model: "silent", BaseURL: models.URL + "/v1"}}
		c.Agents = map[string]agents.Definition{
			"talker": {Runtime: "llm", Model: "main", Instructions: "Talk."},
			"mute":   {Runtime: "llm", Model: "silent", Instructions: "Talk."},
		}
		s, spans := work(t, c, zap.NewNop())
		for agent, want := range map[string]time.Duration{"talker": time.Hour, "mute": 90 * 24 * time.Hour} {
			if _, err := s.Queue.Enqueue(t.Context(), agents.Args{Agent: agent, User: agent}, tasks.Options{ID: agent}); err != nil {
				t.Fatal(err)
			}
			spans.await(t, "process agent_"+agent)
			keys, err := s.Redis.Keys(t.Context(), c.Redis.Prefix+"{user:"+agent+"}:journal:agents/"+agent+":*").Result()
			if err != nil || len(keys) != 1 {
				t.Fatalf("%s: journals %q, %v", agent, keys, err)
			}
			var kept time.Duration
			for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) { // Redis cannot tell
				if kept, err = s.Redis.PTTL(t.Context(), keys[0]).Result(); err == nil && kept <= want {
					break
				}
			}
			if err != nil || kept > want || kept < want-time.Minute {
				t.Errorf("%s: its journal is kept for %s, want %s (%v)", agent, kept, want, err)
			}
		}
	})
}
