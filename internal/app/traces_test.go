package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"switchyard/internal/config"
	"switchyard/internal/daemon"
	"switchyard/internal/llm"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/internal/telemetry"
	"switchyard/test/llmtest"
	"switchyard/test/redistest"
)

// recorder keeps the spans of a system, and tells which have ended.
type recorder struct {
	*tracetest.InMemoryExporter
	ended chan string
}

func newRecorder() *recorder {
	return &recorder{tracetest.NewInMemoryExporter(), make(chan string, 1000)}
}

// traces are kept before their end is told.
func (r *recorder) traces() *telemetry.Traces {
	return telemetry.To(sdktrace.WithSyncer(r), sdktrace.WithSpanProcessor(teller{r.ended}))
}

// teller tells the names of the spans that end.
type teller struct{ ended chan<- string }

func (t teller) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (t teller) OnEnd(s sdktrace.ReadOnlySpan)                   { t.ended <- s.Name() }
func (t teller) Shutdown(context.Context) error                  { return nil }
func (t teller) ForceFlush(context.Context) error                { return nil }

// await returns once a span of each name has ended.
func (r *recorder) await(t *testing.T, names ...string) {
	t.Helper()
	timeout := time.After(time.Minute)
	for len(names) > 0 {
		select {
		case name := <-r.ended:
			if i := slices.Index(names, name); i >= 0 {
				names = slices.Delete(names, i, i+1)
			}
		case <-timeout:
			t.Fatalf("no span of %q has ended; there are:\n%s", names, tree(r.GetSpans()))
		}
	}
}

// tree draws spans, those within one below it, in the order in which they began.
func tree(spans tracetest.SpanStubs) string {
	slices.SortFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var drawn strings.Builder
	var draw func(parent trace.SpanID, indent string)
	draw = func(parent trace.SpanID, indent string) {
		for _, s := range spans {
			if s.Parent.SpanID() == parent {
				fmt.Fprintf(&drawn, "%s%s (%s)\n", indent, s.Name, s.SpanKind)
				draw(s.SpanContext.SpanID(), indent+"  ")
			}
		}
	}
	draw(trace.SpanID{}, "")
	return drawn.String()
}

// find returns the attributes of the first span of a name, as text.
func find(t *testing.T, spans tracetest.SpanStubs, name string) map[string]string {
	t.Helper()
	for _, s := range spans {
		if s.Name == name {
			all := make(map[string]string)
			for _, a := range s.Attributes {
				all[string(a.Key)] = a.Value.String()
			}
			return all
		}
	}
	t.Fatalf("there is no span %q", name)
	return nil
}

const (
	secretWish   = "a wish of ada's"
	secretAnswer = "nothing but the page"
)

// guided is a configuration with an agent on a model that has a page scraped and says so.
func guided(t *testing.T, redisURL string, content bool) config.Config {
	t.Helper()
	pages := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><title>A page</title><body><article><p>Some words about the harbour and its tides.</p></article></body></html>"))
	}))
	t.Cleanup(pages.Close)
	models, err := llmtest.Start(func(a llmtest.Ask) llmtest.Reply {
		if strings.HasPrefix(a.Last(), "result") {
			return llmtest.Say(secretAnswer)
		}
		return llmtest.Use("enqueue", `{"kind":"scrape_page","payload":{"url":"`+pages.URL+`"}}`)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(models.Close)
	c := config.Default()
	c.Redis.URL, c.Fetcher.AllowPrivate = redisURL, true
	d := models.Definition(llm.Chat)
	d.Model, d.Price = "scripted", llm.Price{Input: 1000}
	c.Models = map[string]llm.Definition{"main": d}
	c.Agents = map[string]agents.Definition{"guide": {
		Runtime: "llm", Model: "main", Instructions: "Read.", Tools: []string{"enqueue"}, Enqueues: []string{"scrape_page"}, TraceContent: content,
	}}
	return c
}

// onEachRedis runs a test on miniredis and on a server.
func onEachRedis(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("miniredis", func(t *testing.T) {
		test(t, "redis://"+redistest.Mini(t).Addr())
	})
	t.Run("redis-server", func(t *testing.T) { test(t, "redis://"+redistest.Server(t).Addr) })
}

// work runs a worker until the test ends, and records its spans.
func work(t *testing.T, c config.Config, log *zap.Logger) (*System, *recorder) {
	t.Helper()
	spans := newRecorder()
	s, err := open(c, log, spans.traces())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorker(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	worked := make(chan error, 1)
	go func() { worked <- w.Run(daemon.Stop{Quiet: ctx, Drain: ctx}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-worked; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, spans
}

const guidedTree = `send agent_guide (producer)
  process agent_guide (consumer)
    invoke_agent guide (internal)
      step model 1 (internal)
        chat scripted (client)
      step tool 1.1 enqueue (internal)
        execute_tool enqueue (internal)
          send scrape_page (producer)
            process scrape_page (consumer)
      step model 2 (internal)
        chat scripted (client)
`

func TestATraceGoesFromTheProducerThroughTheQueueToEachStep(t *testing.T) {
	onEachRedis(t, func(t *testing.T, url string) {
		core, logs := observer.New(zap.InfoLevel)
		s, spans := work(t, guided(t, url, false), zap.New(core))
		receipt, err := s.Queue.Enqueue(t.Context(), agents.Args{Agent: "guide", User: "ada", Topics: []string{secretWish}}, tasks.Options{})
		if err != nil {
			t.Fatal(err)
		}
		spans.await(t, "process agent_guide", "process scrape_page")
		all := spans.GetSpans()
		if drawn := tree(all); drawn != guidedTree {
			t.Errorf("the spans are\n%swant\n%s", drawn, guidedTree)
		}
		for name, want := range map[string]map[string]string{
			"send agent_guide": {"messaging.system": "asynq", "messaging.operation.type": "send", "messaging.destination.name": "agents", "messaging.message.id": receipt.ID},
			"process agent_guide": {
				"messaging.operation.type": "process", "messaging.message.id": receipt.ID, "user.id": "ada",
				"switchyard.task.kind": "agent_guide", "switchyard.task.attempt": "1", "switchyard.task.outcome": "succeeded",
			},
			"invoke_agent guide":    {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide", "switchyard.agent.runtime": "llm"},
			"step tool 1.1 enqueue": {"switchyard.step.name": "tool 1.1 enqueue", "switchyard.step.effect": "false"},
			"execute_tool enqueue":  {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "enqueue", "gen_ai.tool.type": "function"},
			"chat scripted": {
				"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "scripted", "server.address": "127.0.0.1",
				"gen_ai.usage.input_tokens": "100", "gen_ai.usage.output_tokens": "10", "gen_ai.response.finish_reasons": `["calls"]`, "switchyard.cost": "0.1",
			},
		} {
			got := find(t, all, name)
			for key, value := range want {
				if got[key] != value {
					t.Errorf("%s: %s is %q, want %q", name, key, got[key], value)
				}
			}
		}
		if said := fmt.Sprint(all); strings.Contains(said, secretWish) || strings.Contains(said, secretAnswer) || strings.Contains(said, "sent as task") {
			t.Errorf("the spans hold what nobody asked to be told: %s", said)
		}
		line := logs.FilterMessage("task").FilterField(zap.String("kind", "agent_guide")).All()
		if id := all[0].SpanContext.TraceID().String(); len(line) != 1 || line[0].ContextMap()["trace_id"] != id {
			t.Errorf("the log's lines %v do not name the trace %s", line, id)
		}
	})
}

func TestSpansHoldConversationsOnlyWhereAskedFor(t *testing.T) {
	onEachRedis(t, func(t *testing.T, url string) {
		s, spans := work(t, guided(t, url, true), zap.NewNop())
		if _, err := s.Queue.Enqueue(t.Context(), agents.Args{Agent: "guide", User: "ada", Topics: []string{secretWish}}, tasks.Options{}); err != nil {
			t.Fatal(err)
		}
		spans.await(t, "process agent_guide")
		all := spans.GetSpans()
		slices.Reverse(all) // the last answer is the first found
		chat, tool := find(t, all, "chat scripted"), find(t, all, "execute_tool enqueue")
		for what, pair := range map[string][2]string{
			"instructions": {chat["gen_ai.system_instructions"], "Read."},
			"wish":         {chat["gen_ai.input.messages"], secretWish},
			"call":         {chat["gen_ai.input.messages"], `"type":"tool_call","id":`},
			"result":       {chat["gen_ai.input.messages"], `"type":"tool_call_response"`},
			"answer":       {chat["gen_ai.output.messages"], `[{"role":"assistant","parts":[{"type":"text","content":"` + secretAnswer + `"}],"finish_reason":"end"}]`},
			"arguments":    {tool["gen_ai.tool.call.arguments"], `"kind":"scrape_page"`},
			"brought":      {tool["gen_ai.tool.call.result"], "sent as task"},
		} {
			if !strings.Contains(pair[0], pair[1]) {
				t.Errorf("%s: %q is not in %q", what, pair[1], pair[0])
			}
		}
	})
}

func TestATickAndTheTracesOfOthersAreGoneOnWith(t *testing.T) {
	onEachRedis(t, func(t *testing.T, url string) {
		c := guided(t, url, false)
		c.Fetcher.Politeness.Robots = false // nobody is there to be asked, and the page fails at once
		s, spans := work(t, c, zap.NewNop())
		remote := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled, Remote: true})
		ctx := trace.ContextWithRemoteSpanContext(t.Context(), remote)
		tick := tasks.Tick{Entry: "e", ID: "e-1", At: time.Now().Truncate(time.Second), Kind: "scrape_page", Payload: []byte(`{"url":"http://127.0.0.1:1/"}`)}
		if results := s.Queue.EnqueueTicks(ctx, []tasks.Tick{tick}, time.Now().Add(time.Minute)); results[0].Err != nil {
			t.Fatal(results[0].Err)
		}
		spans.await(t, "process scrape_page")
		all := spans.GetSpans()
		created, performed := find(t, all, "create scrape_page"), find(t, all, "process scrape_page")
		if created["messaging.message.id"] != "e-1" || performed["messaging.message.id"] != "e-1" || performed["error.type"] != "retried" {
			t.Errorf("created %v, performed %v; want the same task, and its failure", created, performed)
		}
		for _, s := range all {
			if s.SpanContext.TraceID() != remote.TraceID() {
				t.Errorf("%s is of the trace %s, want the producer's", s.Name, s.SpanContext.TraceID())
			}
			if s.Status.Description != "" {
				t.Errorf("%s quotes the error: %s", s.Name, s.Status.Description)
			}
		}
	})
}
