package agents

import (
	"encoding/json"
	"testing"
	"time"

	"switchyard/internal/control"
	"switchyard/internal/events"
	"switchyard/internal/journal"
	"switchyard/internal/tasks"
	"switchyard/test/llmtest"
	"switchyard/test/redistest"
)

func TestTheJournalOfAShortAnswerIsShort(t *testing.T) {
	s := newStudy(t, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("Nothing is new.") })
	s.redis = redistest.Client(t, redistest.Server(t).Addr)
	s.brake = control.NewBrake(s.redis, "switchyard:", events.NewLog(s.redis, "switchyard:", "test"))
	s.store = journal.NewStore(s.redis, s.brake, "switchyard:")
	j := s.open(1)
	brief, err := s.runtime().Run(t.Context(), Run{
		Task: &tasks.Task{ID: "t1", Queue: "agents", Run: "r", Attempt: 1}, Definition: s.definition, Args: Args{Agent: "scholar", User: "ada"}, Journal: j,
	})
	if err != nil {
		t.Fatal(err)
	}
	result, err := json.Marshal(brief)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.End(t.Context(), result, time.Hour); err != nil {
		t.Fatal(err)
	}
	key := "switchyard:{user:ada}:journal:agents/t1:r"
	entries, err := s.redis.LRange(t.Context(), key, 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	size, err := s.redis.MemoryUsage(t.Context(), key).Result()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries, %d bytes in Redis: %q", len(entries), size, entries)
	if len(entries) != 2 || size > 700 {
		t.Errorf("%d entries, %d bytes", len(entries), size)
	}
}
