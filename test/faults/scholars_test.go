package faults

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"switchyard/internal/config"
	"switchyard/internal/llm"
	"switchyard/internal/routing"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/test/llmtest"
)

// scholarAgent is an agent that is a model: it searches five times, and answers.
const scholarAgent = "scholar"

const (
	scholarSearches = 5
	modelTakes      = 100 * time.Millisecond
)

// hireScholars has the configuration run scholars that ask the model at a URL.
func hireScholars(c *config.Config, url string) {
	c.Models = map[string]llm.Definition{"scripted": {API: llm.Chat, Model: "scripted-1", BaseURL: url + "/v1", KeyEnv: nameVariable}}
	c.Agents = map[string]agents.Definition{
		"scout":      {Runtime: "rank"},
		scholarAgent: {Runtime: "llm", Model: "scripted", Instructions: "Find out what is new.", Tools: []string{"search_documents"}},
	}
	c.Policies["agent_"+scholarAgent] = routing.Patch{Losses: new(100), Retries: new(20), RetryDelay: new(fencingOutage / 70)}
}

// academy is the model that all scholars ask. Each of its answers bears a number of its own.
// Some requests it leaves unanswered until whoever asked is dead.
type academy struct {
	mu       sync.Mutex
	answers  int
	asked    map[string]int    // times each request came, to the last byte
	answered map[string]string // the number of the last answer to each
	fatal    map[int]bool      // the answers that are not given
	caught   chan string       // the workers that wait for them
	server   *llmtest.Server
}

// number finds the numbers of answers, as they come in requests and results.
var number = regexp.MustCompile(`tide-\d+`)

func newAcademy(t *testing.T, fatal map[int]bool) *academy {
	t.Helper()
	a := &academy{asked: map[string]int{}, answered: map[string]string{}, fatal: fatal, caught: make(chan string, len(fatal))}
	server, err := llmtest.Start(a.answer)
	if err != nil {
		t.Fatal(err)
	}
	a.server = server
	t.Cleanup(server.Close)
	return a
}

func (a *academy) answer(ask llmtest.Ask) llmtest.Reply {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers++
	a.asked[ask.Body]++
	a.answered[ask.Body] = fmt.Sprintf("tide-%d", a.answers)
	results := 0
	for _, line := range ask.Conversation {
		if strings.HasPrefix(line, "result ") {
			results++
		}
	}
	reply := llmtest.Say("Nothing is new about the " + a.answered[ask.Body])
	if results < scholarSearches {
		reply = llmtest.Use("search_documents", fmt.Sprintf(`{"words":%q}`, a.answered[ask.Body]))
	}
	reply.Delay = modelTakes
	reply.Thought = fmt.Sprintf("thought %d", a.answers) // the server wants it back, from whichever worker
	if a.fatal[a.answers] {
		reply.Delay = patience
		a.caught <- ask.Key
	}
	return reply
}

// paidTwice returns how many answers were asked for although the run had one in its journal
// already. A run goes on with the first one it writes down, so it does not go on with the
// last one it was given. Whatever it asks later, and its result, tell with which it did.
func (a *academy) paidTwice(results []string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	used := map[string]bool{}
	for _, text := range slices.Concat(slices.Collect(maps.Keys(a.asked)), results) {
		for _, n := range number.FindAllString(text, -1) {
			used[n] = true
		}
	}
	twice := 0
	for _, n := range a.answered {
		if !used[n] {
			twice++
		}
	}
	return twice
}

// drawFatal draws which of so many requests kill a worker.
func drawFatal(random *rand.Rand, asks, kills int) map[int]bool {
	fatal := map[int]bool{}
	for len(fatal) < kills {
		fatal[1+random.IntN(asks*9/10)] = true
	}
	return fatal
}

func TestKilledWorkersPayForNoAnswerTwice(t *testing.T) {
	t.Parallel()
	redis := server(t)
	runs, kills := either(200, 40), either(25, 4)
	asks := runs * (scholarSearches + 1)
	model := newAcademy(t, drawFatal(drawFrom(t.Name()), asks, kills))
	o := newOffice(t, 4, order{Redis: "redis://" + redis.Addr, Drain: 10 * time.Second, Model: model.server.URL})

	o.sendScholars(runs)
	for range kills {
		select {
		case name := <-model.caught:
			o.killWorkerNamed(name)
		case <-time.After(2 * patience):
			t.Fatalf("the scholars have stopped asking, after %d answers", model.given())
		}
	}
	results := o.awaitResults()

	if len(model.asked) != asks {
		t.Errorf("%d different requests, want %d: the conversations differ from attempt to attempt", len(model.asked), asks)
	}
	if n := model.paidTwice(results); n > 0 {
		t.Errorf("%d answers were asked for again although they were in the journal", n)
	}
	again := model.answers - len(model.asked)
	if again < kills {
		t.Errorf("%d requests came again, and %d were left unanswered", again, kills)
	}
	t.Logf("%d runs, %d answers, %d of them asked for again: cut off before they were in the journal", runs, len(model.asked), again)
}

func TestAnOutageOfRedisLosesNoAnswer(t *testing.T) {
	t.Parallel()
	redis := server(t)
	runs, outages := either(100, 20), either(10, 2)
	asks := runs * (scholarSearches + 1)
	model := newAcademy(t, nil)
	o := newOffice(t, 2, order{Redis: "redis://" + redis.Addr, Drain: 10 * time.Second, Model: model.server.URL})

	o.sendScholars(runs)
	for i := range outages {
		if err := eventually(2*patience, func() bool { return model.given() >= asks*(i+1)/(outages+1) }); err != nil {
			t.Fatal(err)
		}
		redis.Stop()
		time.Sleep(drawUpTo(o.random, either(3*time.Second, time.Second))) // the outage
		if err := redis.Start(); err != nil {
			t.Fatal(err)
		}
	}
	results := o.awaitResults()

	if n := model.paidTwice(results); n > 0 || model.answers != asks {
		t.Errorf("%d answers to %d requests, want each once; %d were in the journal already", model.answers, asks, n)
	}
}

// given returns how many requests have come.
func (a *academy) given() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.answers
}

// sendScholars sends so many runs.
func (o *office) sendScholars(n int) {
	o.t.Helper()
	for i := range n {
		args := agents.Args{Agent: scholarAgent, User: fmt.Sprintf("u%d", i%clerkUsers), Topics: []string{fmt.Sprintf("run %d", i)}}
		receipt, err := o.system.Queue.Enqueue(o.t.Context(), args, tasks.Options{})
		if err != nil {
			o.t.Fatal(err)
		}
		o.sent = append(o.sent, receipt.ID)
	}
}

// killWorkerNamed kills that worker, unless it is dead already: two of its requests may
// have been to kill it.
func (o *office) killWorkerNamed(name string) {
	o.t.Helper()
	if i := slices.IndexFunc(o.workers, func(p *process) bool { return p.name == name }); i >= 0 {
		o.killWorker(i)
	}
}

// awaitResults returns the results of all runs once they are completed.
func (o *office) awaitResults() []string {
	o.t.Helper()
	var results []string
	for _, id := range o.sent {
		var status tasks.Status
		err := eventually(2*patience, func() bool {
			var err error
			status, err = o.system.Queue.Find(o.t.Context(), id)
			return err == nil && status.State == tasks.StateSucceeded
		})
		if err != nil {
			o.t.Fatalf("run %s is %s %v: %s", id, status.State, err, status.LastError)
		}
		results = append(results, string(status.Result))
	}
	return results
}
