package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"switchyard/internal/llm"
	"switchyard/test/llmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var apis = []string{llm.Chat, llm.Responses, llm.Messages}

// open starts a server with a script and returns a model on it.
func open(t *testing.T, api string, change func(*llm.Definition), script func(llmtest.Ask) llmtest.Reply) (*llmtest.Server, llm.Model) {
	t.Helper()
	server, err := llmtest.Start(script)
	if err != nil {
		t.Fatal(err)
	}
	definition := server.Definition(api)
	if change != nil {
		change(&definition)
	}
	if err := definition.Check(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() { client.CloseIdleConnections(); server.Close() })
	return server, llm.Open("main", definition, client, llm.NewMetrics())
}

// placesOf are what each API adds to a base URL.
var placesOf = map[string]string{llm.Chat: "/chat/completions", llm.Responses: "/responses", llm.Messages: "/v1/messages"}

func addressOf(server *llmtest.Server, api string) string {
	return server.Definition(api).BaseURL + placesOf[api]
}

// conversation has one of everything.
var conversation = llm.Request{
	Instructions: "Be brief.",
	Turns: []llm.Turn{
		{User: "What is new?"},
		{Answer: &llm.Answer{Text: "I look.", Calls: []llm.Call{{ID: "a", Name: "search", Arguments: `{"words":"tides"}`}, {ID: "b", Name: "read", Arguments: `{"id":1}`}}}},
		{Results: []llm.Result{{Call: "a", Text: "two texts"}, {Call: "b", Text: "not found", Failed: true}}},
		{Answer: &llm.Answer{Text: "Not much."}},
		{User: "Go on."},
	},
	Tools:     []llm.Tool{{Name: "search", Description: "Searches.", Schema: json.RawMessage(`{"type":"object","properties":{"words":{"type":"string"}},"required":["words"]}`)}},
	MaxTokens: 77,
	Schema:    json.RawMessage(`{"type":"object","properties":{"found":{"type":"integer"}}}`),
}

func TestAConversationLooksTheSameToAllModels(t *testing.T) {
	want := []string{
		"user: What is new?", "assistant: I look.", `call a: search {"words":"tides"}`, `call b: read {"id":1}`,
		"result a: two texts", "result b: not found", "assistant: Not much.", "user: Go on.",
	}
	for _, api := range apis {
		t.Run(api, func(t *testing.T) {
			server, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply {
				r := llmtest.Use("search", `{"words":"moon"}`, "read", `{"id":2}`)
				r.Text, r.Usage = "Ébb and flow", llm.Usage{Input: 120, Cached: 100, Output: 30}
				return r
			})
			told := ""
			a, err := model.Ask(t.Context(), conversation, func(piece string) { told += piece + "|" })
			if err != nil {
				t.Fatal(err)
			}
			ask := server.Asked()[0]
			if !reflect.DeepEqual(ask.Conversation, want) || ask.Instructions != "Be brief." || !reflect.DeepEqual(ask.Tools, []string{"search"}) || ask.MaxTokens != 77 || !strings.Contains(string(ask.Schema), "found") {
				t.Errorf("the server got %+v, want the conversation %q", ask, want)
			}
			wanted := llm.Answer{
				Text: "Ébb and flow", Stop: llm.Calling, Model: "scripted-1", Usage: llm.Usage{Input: 120, Cached: 100, Output: 30},
				Calls: []llm.Call{{ID: "call-1", Name: "search", Arguments: `{"words":"moon"}`}, {ID: "call-2", Name: "read", Arguments: `{"id":2}`}},
			}
			if !reflect.DeepEqual(a, wanted) {
				t.Errorf("answer %+v, want %+v", a, wanted)
			}
			if told != "Ébb a|nd flow|" {
				t.Errorf("told %q, want it in the pieces in which it came", told)
			}
		})
	}
}

func TestAnAnswerSaysWhyItEnded(t *testing.T) {
	for _, api := range apis {
		for _, stop := range []llm.Stop{llm.Ended, llm.Length, llm.Refused} {
			_, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply {
				r := llmtest.Say("No more.")
				r.Stop = stop
				return r
			})
			a, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
			if err != nil || a.Stop != stop || a.Text != "No more." {
				t.Errorf("%s: answer %+v, %v; want it ended by %s", api, a, err, stop)
			}
		}
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	for name, tc := range map[string]struct {
		reply llmtest.Reply
		class llm.Class
		after time.Duration
	}{
		"too many":           {llmtest.Reply{Status: 429, Code: "rate_limit_error", Message: "slow down", RetryAfter: "7"}, llm.RateLimited, 7 * time.Second},
		"used up":            {llmtest.Reply{Status: 429, Code: "insufficient_quota", Message: "pay first"}, llm.Unauthorized, 0},
		"down":               {llmtest.Reply{Status: 503, Message: "down", RetryAfter: "soon"}, llm.Overloaded, 0},
		"crowded":            {llmtest.Reply{Status: 529, Code: "overloaded_error", Message: "crowded"}, llm.Overloaded, 0},
		"wrong key":          {llmtest.Reply{Status: 401, Code: "authentication_error", Message: "who are you"}, llm.Unauthorized, 0},
		"too long":           {llmtest.Reply{Status: 400, Code: "context_length_exceeded", Message: "too long"}, llm.TooLong, 0},
		"too long, they say": {llmtest.Reply{Status: 400, Code: "invalid_request_error", Message: "prompt is too long: 9 tokens > 8 maximum"}, llm.TooLong, 0},
		"not understood":     {llmtest.Reply{Status: 400, Code: "invalid_request_error", Message: "no such field"}, llm.Invalid, 0},
		"cut":                {llmtest.Reply{Answer: llm.Answer{Text: "Once upon"}, Cut: true}, llm.Broken, 0},
		"fails inside":       {llmtest.Reply{Answer: llm.Answer{Text: "Once upon"}, Fail: "overloaded_error"}, llm.Overloaded, 0},
		"limited inside":     {llmtest.Reply{Answer: llm.Answer{Text: "Once upon"}, Fail: "rate_limit_error"}, llm.RateLimited, 0},
	} {
		for _, api := range apis {
			t.Run(name+", "+api, func(t *testing.T) {
				_, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply { return tc.reply })
				_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
				var failure *llm.Error
				if !errors.As(err, &failure) || failure.Class != tc.class || failure.RetryAfter != tc.after || failure.Status != tc.reply.Status {
					t.Errorf("error %#v (%v), want one of class %s, after %s", failure, err, tc.class, tc.after)
				}
			})
		}
	}
}

func TestWhatAServerSaysOfAnErrorIsTold(t *testing.T) {
	not := map[string]string{llm.Chat: "choices", llm.Responses: "output and no status completed", llm.Messages: "stop_reason"}
	for name, tc := range map[string]struct {
		status     int
		kind, body string
		class      llm.Class
		said       string
	}{
		"a string":      {404, "application/json", `{"error":"model 'm' not found"}`, llm.Invalid, ` answers 404 Not Found: "model 'm' not found"`},
		"a string, 503": {503, "application/json", `{"error":"loading"}`, llm.Overloaded, ` answers 503 Service Unavailable: "loading"`},
		"flat":          {400, "application/json", `{"object":"error","message":"This model's maximum context length is 8","type":"BadRequestError","code":400}`, llm.TooLong, ` answers 400 Bad Request: "This model's maximum context length is 8"`},
		"a code":        {400, "application/json", `{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}`, llm.TooLong, ` answers 400 Bad Request: "the request exceeds the available context size"`},
		"a detail":      {404, "application/json", `{"detail":"Not Found"}`, llm.Invalid, ` answers 404 Not Found: "{\"detail\":\"Not Found\"}"`},
		"a page":        {502, "text/html", "<h1>Bad Gateway</h1>", llm.Overloaded, ` answers 502 Bad Gateway: "<h1>Bad Gateway</h1>"`},
		"nothing":       {403, "", "", llm.Unauthorized, ` answers 403 Forbidden: ""`},
		"a long text":   {400, "", strings.Repeat("no ", 10_000), llm.Invalid, ` answers 400 Bad Request: "no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no no"`},
		"a site":        {200, "text/html; charset=utf-8", "<h1>Welcome</h1>", llm.Invalid, ` answers with text/html; charset=utf-8 and not with a stream: does base_url lead to the API? It says "<h1>Welcome</h1>"`},
		"no answer":     {200, "application/json", `{"status":"ok"}`, llm.Invalid, ` answers with JSON that is no answer (it has no %s): does base_url lead to the API? It says "{\"status\":\"ok\"}"`},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tc.kind)
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		}))
		for _, api := range apis {
			_, model := open(t, api, func(d *llm.Definition) { d.BaseURL = server.URL }, nil)
			_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
			var failure *llm.Error
			if !errors.As(err, &failure) || failure.Class != tc.class || strings.TrimPrefix(err.Error(), "model "+string(failure.Class)+": "+server.URL+placesOf[api]) != strings.ReplaceAll(tc.said, "%s", not[api]) {
				t.Errorf("%s, %s: error %v, want one of class %s that says %q, where, and no more", name, api, err, tc.class, tc.said)
			}
		}
		server.Close()
	}
}

func TestRequestsAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	replies := []llmtest.Reply{{Status: http.StatusTooManyRequests}, {Status: http.StatusServiceUnavailable}, {}}
	replies[2] = llmtest.Say("Here.")
	replies[2].Usage = llm.Usage{Input: 1000, Cached: 600, Output: 50}
	server, err := llmtest.Start(func(llmtest.Ask) llmtest.Reply {
		defer func() { replies = replies[1:] }()
		return replies[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	definition := server.Definition(llm.Messages)
	definition.Price = llm.Price{Input: 1000, Cached: 100, Output: 10_000}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	metrics := llm.NewMetrics()
	metrics.Register(registry)
	model := llm.Open("fast", definition, &http.Client{Transport: transport}, metrics)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{t.Context(), t.Context(), t.Context(), gone} {
		_, _ = model.Ask(ctx, llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {}) // the counts tell
	}
	want := `
# HELP switchyard_model_cost_total What answers cost, in the currency of the configured prices.
# TYPE switchyard_model_cost_total counter
switchyard_model_cost_total{model="fast"} 0.96
# HELP switchyard_model_errors_total Requests without an answer, by class: rate_limited, overloaded, timeout, broken, too_long, unauthorized, invalid, or cancelled by us.
# TYPE switchyard_model_errors_total counter
switchyard_model_errors_total{class="cancelled",model="fast"} 1
switchyard_model_errors_total{class="overloaded",model="fast"} 1
switchyard_model_errors_total{class="rate_limited",model="fast"} 1
# HELP switchyard_model_tokens_total Tokens of answered requests, by type: input, cached_input (a part of it), output.
# TYPE switchyard_model_tokens_total counter
switchyard_model_tokens_total{model="fast",type="cached_input"} 600
switchyard_model_tokens_total{model="fast",type="input"} 1000
switchyard_model_tokens_total{model="fast",type="output"} 50
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "switchyard_model_cost_total", "switchyard_model_errors_total", "switchyard_model_tokens_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "switchyard_model_request_duration_seconds"); n != 1 || err != nil {
		t.Errorf("%d histograms of durations, %v", n, err)
	}
}

func TestAUsageThatIsMissingOrImplausibleIsNotForFree(t *testing.T) {
	for _, api := range apis {
		t.Run(api, func(t *testing.T) {
			atMost := llm.Usage{Input: llm.Request{Turns: []llm.Turn{{User: "?"}}}.Most().Input, Output: int64(len("Here."))}
			for told, want := range map[llm.Usage]llm.Usage{
				{}:                                   atMost,
				{Input: -500, Output: -1}:            atMost,
				{Input: 10, Cached: 2000, Output: 1}: {Input: 10, Cached: 10, Output: 1},
				{Input: math.MaxInt64 / 2, Output: math.MaxInt64}: {Input: 1e9, Output: 1e9},
			} {
				_, model := open(t, api, func(d *llm.Definition) { d.Price = llm.Price{Input: 1, Output: 1} }, func(llmtest.Ask) llmtest.Reply {
					r := llmtest.Say("Here.")
					r.Usage = told
					return r
				})
				answer, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
				if err != nil || answer.Usage != want || answer.Cost <= 0 {
					t.Errorf("usage %+v is told as %+v, cost %g (%v), want %+v", told, answer.Usage, answer.Cost, err, want)
				}
			}
		})
	}
}

func TestCallsWithoutAnIDGetOne(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"tool_calls":[`+
			`{"index":0,"id":"","type":"function","function":{"name":"search","arguments":"{}"}},`+
			`{"index":1,"type":"function","function":{"name":"read","arguments":"{}"}}]},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
	}))
	defer server.Close()
	_, model := open(t, llm.Chat, func(d *llm.Definition) { d.BaseURL = server.URL }, nil)
	a, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
	want := []llm.Call{{ID: "call-1-1", Name: "search", Arguments: "{}"}, {ID: "call-1-2", Name: "read", Arguments: "{}"}}
	if err != nil || a.Stop != llm.Calling || !slices.Equal(a.Calls, want) {
		t.Errorf("answer %+v, %v; want the calls %+v", a, err, want)
	}
}

func TestAServerThatNeverStopsIsCutOff(t *testing.T) {
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		line := ":" + strings.Repeat("a", 32<<10) + "\n\n"
		for {
			n, err := io.WriteString(w, line)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	for _, api := range apis {
		sent.Store(0)
		_, model := open(t, api, func(d *llm.Definition) { d.BaseURL = server.URL }, nil)
		_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
		var failure *llm.Error
		if !errors.As(err, &failure) || failure.Class != llm.Broken || fmt.Sprint(err) != "model broken: body refused: larger than the limit of 67108864 bytes" {
			t.Errorf("%s: error %v after %d bytes, want a broken answer that is too large", api, err, sent.Load())
		}
	}
}

func TestAKeyDoesNotFollowARedirect(t *testing.T) {
	t.Setenv("MODEL_KEY", "geheim")
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked of somebody else, with the header %v", r.URL, r.Header)
	}))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL+"/v1", http.StatusTemporaryRedirect))
	defer server.Close()
	for _, api := range apis {
		_, model := open(t, api, func(d *llm.Definition) { d.BaseURL, d.KeyEnv = server.URL, "MODEL_KEY" }, nil)
		_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
		want := "model invalid: " + server.URL + placesOf[api] + " redirects: if " + other.URL + "/v1 is to get the key and the conversation, set base_url to it"
		var failure *llm.Error
		if !errors.As(err, &failure) || failure.Class != llm.Invalid || fmt.Sprint(err) != want {
			t.Errorf("%s: error %v, want a redirect refused, and why", api, err)
		}
	}
}

func TestASlowModelIsNotWaitedForForEver(t *testing.T) {
	for _, api := range apis {
		t.Run(api, func(t *testing.T) {
			slow := func(llmtest.Ask) llmtest.Reply { return llmtest.Reply{Delay: time.Minute} }
			_, model := open(t, api, func(d *llm.Definition) { d.Timeout = 50 * time.Millisecond }, slow)
			_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
			var failure *llm.Error
			if !errors.As(err, &failure) || failure.Class != llm.TimedOut || !failure.Passes() {
				t.Errorf("error %v, want a timeout", err)
			}
			stopped := errors.New("stopped")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(20*time.Millisecond, func() { cancel(stopped) })
			_, model = open(t, api, nil, slow)
			if _, err := model.Ask(ctx, llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {}); !errors.Is(err, stopped) {
				t.Errorf("error %v, want why it was stopped", err)
			}
		})
	}
}

func TestAKeyComesFromTheEnvironmentOrAFileAndIsNotSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MODEL_KEY", "from-env")
	// What the vendors' own clients would take without being told.
	for _, name := range []string{"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"} {
		t.Setenv(name, "ambient")
	}
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
	t.Setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
	for _, api := range apis {
		for want, change := range map[string]func(*llm.Definition){
			"from-env":  func(d *llm.Definition) { d.KeyEnv = "MODEL_KEY" },
			"from-file": func(d *llm.Definition) { d.KeyFile = file },
		} {
			server, model := open(t, api, change, func(ask llmtest.Ask) llmtest.Reply {
				return llmtest.Reply{Status: http.StatusUnauthorized, Message: "no such key: " + ask.Key}
			})
			_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
			if asked := server.Asked(); len(asked) != 1 || asked[0].Key != want {
				t.Errorf("%s: asked %+v, want the key %s", api, asked, want)
			}
			refused := "model unauthorized: " + addressOf(server, api) + ` answers 401 Unauthorized: "no such key: (a secret)"`
			var failure *llm.Error
			if !errors.As(err, &failure) || failure.Class != llm.Unauthorized || err.Error() != refused {
				t.Errorf("%s: error %v; want what the server says, without the key", api, err)
			}
		}
		for want, change := range map[string]func(*llm.Definition){
			"model unauthorized: key_env: the variable NO_KEY is empty: set it to the key of scripted-1": func(d *llm.Definition) { d.KeyEnv = "NO_KEY" },
			"model unauthorized: key_file: open /no/such/file: no such file or directory":                func(d *llm.Definition) { d.KeyFile = "/no/such/file" },
		} {
			_, model := open(t, api, change, func(llmtest.Ask) llmtest.Reply { return llmtest.Reply{} })
			if _, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {}); fmt.Sprint(err) != want {
				t.Errorf("%s: error %v, want %q", api, err, want)
			}
		}
	}
}

func TestABadDefinitionIsNamed(t *testing.T) {
	for want, d := range map[string]llm.Definition{
		`api "cohere": use openai-chat, openai-responses or anthropic-messages`:           {API: "cohere", Model: "m"},
		"model is empty: give its name at the server":                                     {API: llm.Chat},
		`base_url "localhost": give an http or https URL, such as https://example.com/v1`: {API: llm.Chat, Model: "m", BaseURL: "localhost"},
		"key_env and key_file are both given: leave one out":                              {API: llm.Chat, Model: "m", KeyEnv: "A", KeyFile: "b"},
		"a price is -1: use 0 or more":                                                    {API: llm.Chat, Model: "m", Price: llm.Price{Input: -1}},
	} {
		if err := d.Check(); fmt.Sprint(err) != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestACostIsThatOfEachKindOfToken(t *testing.T) {
	p := llm.Price{Input: 3, Cached: 0.3, Output: 15}
	if got := p.Of(llm.Usage{Input: 1_000_000, Cached: 500_000, Output: 100_000}); got < 3.1499 || got > 3.1501 {
		t.Errorf("cost %v, want 1.5 + 0.15 + 1.5", got)
	}
}
