package faults

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"switchyard/internal/config"
	"switchyard/internal/llm"
	"switchyard/internal/llm/llmtest"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
)

// scholarAgent is an agent that is a model: it searches five times, and answers.
const scholarAgent = "scholar"

const (
	scholarSearches = 5
	modelTakes      = 100 * time.Millisecond
)

// hireScholars has the configuration run scholars that ask the model at a URL.
func hireScholars(c *config.Config, url string) {
	c.Models = map[string]llm.Definition{"scripted": {API: llm.Chat, Model: "scripted-1", BaseURL: url + "/v1"}}
	c.Agents = map[string]agents.Definition{
		"scout":      {Runtime: "rank"},
		scholarAgent: {Runtime: "llm", Model: "scripted", Instructions: "Find out what is new.", Tools: []string{"search_documents"}},
	}
	c.Policies["agent_"+scholarAgent] = routing.Patch{Losses: new(100), Retries: new(20), RetryDelay: new(fencingOutage / 70)}
}

// academy is the model that all scholars ask. It knows what it has answered, to the last byte
// of what was asked, and whether anybody was there to hear it.
type academy struct {
	mu     sync.Mutex
	asked  map[string]int // times each request came
	heard  map[string]int // times it was answered to the end
	server *llmtest.Server
}

func newAcademy(t *testing.T) *academy {
	t.Helper()
	a := &academy{asked: map[string]int{}, heard: map[string]int{}}
	server, err := llmtest.Start(a.answer)
	if err != nil {
		t.Fatal(err)
	}
	server.Heard = func(ask llmtest.Ask) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.heard[ask.Body]++
	}
	a.server = server
	t.Cleanup(server.Close)
	return a
}

func (a *academy) answer(ask llmtest.Ask) llmtest.Reply {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked[ask.Body]++
	results := 0
	for _, line := range ask.Conversation {
		if strings.HasPrefix(line, "result ") {
			results++
		}
	}
	reply := llmtest.Say("Nothing is new.")
	if results < scholarSearches {
		reply = llmtest.Use("search_documents", fmt.Sprintf(`{"words":"tide %d"}`, results))
	}
	reply.Delay = modelTakes
	return reply
}

func TestKilledWorkersPayForNoAnswerTwice(t *testing.T) {
	t.Parallel()
	redis := server(t)
	model := newAcademy(t)
	o := newOffice(t, 4, order{Redis: "redis://" + redis.Addr, Drain: 10 * time.Second, Model: model.server.URL})
	runs, kills := either(200, 40), either(25, 4)

	for i := range runs {
		args := agents.Args{Agent: scholarAgent, User: fmt.Sprintf("u%d", i%clerkUsers), Topics: []string{fmt.Sprintf("run %d", i)}}
		receipt, err := o.system.Queue.Enqueue(t.Context(), args, tasks.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.sent = append(o.sent, receipt.ID)
	}
	for _, b := range o.drawBlows(runs, kills, 0) {
		o.awaitCompleted(b.done)
		o.killAWorker()
	}
	o.awaitCompleted(runs)

	// What was answered and never reached a journal was cut off in flight: it is asked again.
	paidTwice, cutOff := 0, 0
	for body, times := range model.asked {
		heard := model.heard[body]
		cutOff += times - min(times, heard)
		paidTwice += max(0, heard-1)
	}
	if want := runs * (scholarSearches + 1); len(model.asked) != want {
		t.Errorf("%d different requests, want %d: the conversations differ from attempt to attempt", len(model.asked), want)
	}
	if paidTwice > kills { // a worker may die between hearing an answer and writing it down
		t.Errorf("%d answers were paid for twice, with %d kills", paidTwice, kills)
	}
	if cutOff+paidTwice == 0 {
		t.Error("no answer was cut off: this proves little")
	}
	t.Logf("%d runs, %d answers; %d cut off in flight, %d heard by a worker that died before it had written them down", runs, len(model.asked), cutOff, paidTwice)
}

// awaitCompleted returns once so many of the runs are completed.
func (o *office) awaitCompleted(n int) {
	o.t.Helper()
	completed := map[string]bool{}
	err := eventually(2*patience, func() bool {
		for _, id := range o.sent {
			if completed[id] {
				continue
			}
			status, err := o.system.Queue.Find(o.t.Context(), id)
			completed[id] = err == nil && status.State == "completed"
		}
		done := 0
		for _, is := range completed {
			if is {
				done++
			}
		}
		return done >= n
	})
	if err != nil {
		o.t.Fatalf("not %d runs are completed %v", n, err)
	}
}
