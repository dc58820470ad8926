package llm_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"switchyard/internal/llm"
	"switchyard/test/llmtest"
)

// bodyOf returns the body of what a model is asked.
func bodyOf(t *testing.T, api string, change func(*llm.Definition), r llm.Request) map[string]any {
	t.Helper()
	server, model := open(t, api, change, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("Here.") })
	ask(t, model, r)
	var body map[string]any
	if err := json.Unmarshal([]byte(server.Asked()[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestParametersOfAModelAreSent(t *testing.T) {
	cold := 0.0
	for api, want := range map[string]string{
		llm.Chat:      `{"temperature":0,"reasoning_effort":"high","top_k":40,"chat_template_kwargs":{"enable_thinking":false},"text":{"verbosity":"low"},"output_config":{"mood":"calm"}}`,
		llm.Responses: `{"temperature":0,"reasoning":{"effort":"high"},"top_k":40,"chat_template_kwargs":{"enable_thinking":false},"text":{"verbosity":"low","format":{"type":"json_schema","name":"answer","strict":true,"schema":{"type":"object"}}},"output_config":{"mood":"calm"}}`,
		llm.Messages:  `{"temperature":0,"output_config":{"effort":"high","mood":"calm","format":{"type":"json_schema","schema":{"type":"object"}}},"top_k":40,"chat_template_kwargs":{"enable_thinking":false},"text":{"verbosity":"low"}}`,
	} {
		for range 2 { // nothing is left of the first request
			body := bodyOf(t, api, func(d *llm.Definition) {
				d.Temperature, d.ReasoningEffort = &cold, "high"
				d.Parameters = map[string]any{"top_k": 40, "chat_template_kwargs": map[string]any{"enable_thinking": false}, "text": map[string]any{"verbosity": "low"}, "output_config": map[string]any{"mood": "calm"}}
			}, llm.Request{Schema: json.RawMessage(`{"type":"object"}`)})
			var fields map[string]any
			if err := json.Unmarshal([]byte(want), &fields); err != nil {
				t.Fatal(err)
			}
			for name, value := range fields {
				if !reflect.DeepEqual(body[name], value) {
					t.Errorf("%s: %s is %v, want %v", api, name, body[name], value)
				}
			}
		}
		body := bodyOf(t, api, nil, llm.Request{})
		for _, name := range []string{"temperature", "reasoning_effort", "reasoning", "output_config", "cache_control"} {
			if _, sent := body[name]; sent {
				t.Errorf("%s: %s is sent, and nobody has given it", api, name)
			}
		}
	}
}

func TestWhatIsMadeHereIsNoParameter(t *testing.T) {
	for api, names := range map[string]string{
		llm.Chat:      "messages tools tool_choice functions function_call stream stream_options n response_format model max_tokens max_completion_tokens temperature reasoning_effort Messages STREAM",
		llm.Responses: "input instructions tools tool_choice stream store include background previous_response_id conversation prompt model max_output_tokens temperature Input",
		llm.Messages:  "messages system tools tool_choice stream model max_tokens temperature System",
	} {
		for name := range strings.FieldsSeq(names) {
			d := llm.Definition{API: api, Model: "m", Parameters: map[string]any{name: "x"}}
			if err := d.Check(); err == nil || !strings.HasPrefix(err.Error(), "parameters."+name+": it is ") {
				t.Errorf("%s: parameter %s: %v", api, name, err)
			}
		}
	}
	for want, d := range map[string]llm.Definition{
		"parameters.max_tokens: it is set by max_tokens of the model: give that":                                          {API: llm.Messages, Parameters: map[string]any{"max_tokens": 1}},
		"parameters.messages: it is the request's own: leave it out":                                                      {API: llm.Chat, Parameters: map[string]any{"messages": []any{}}},
		"parameters.text.format: it is the request's own: leave it out":                                                   {API: llm.Responses, Parameters: map[string]any{"text": map[string]any{"format": 1}}},
		"parameters.output_config.effort: it is set by reasoning_effort of the model: give that":                          {API: llm.Messages, Parameters: map[string]any{"output_config": map[string]any{"effort": "low"}}},
		"parameters.reasoning: a part of it is made here: give an object under the name reasoning":                        {API: llm.Responses, Parameters: map[string]any{"reasoning": "high"}},
		"parameters.Output_Config: a part of it is made here: give an object under the name output_config":                {API: llm.Messages, Parameters: map[string]any{"Output_Config": map[string]any{"effort": "low"}}},
		"parameters.top_p: it cannot be written as JSON: json: unsupported value: +Inf":                                   {API: llm.Chat, Parameters: map[string]any{"top_p": math.Inf(1)}},
		"temperature is -1: use 0 or more":                                                                                {API: llm.Chat, Temperature: new(-1.0)},
		"prompt_cache is \"2h\": use 5m or 1h":                                                                            {API: llm.Messages, PromptCache: "2h"},
		"prompt_cache is given to openai-chat: only anthropic-messages has marks for it, the others cache by themselves":  {API: llm.Chat, PromptCache: "5m"},
		"headers.Content-Type: it is the request's own: leave it out":                                                     {API: llm.Chat, Headers: map[string]string{"Content-Type": "text/plain"}},
		"headers.authorization: its value looks like a secret: put it into a variable, and name that under headers_env":   {API: llm.Chat, Headers: map[string]string{"authorization": "Bearer geheim"}},
		"headers.X-Gateway-Token: its value looks like a secret: put it into a variable, and name that under headers_env": {API: llm.Chat, Headers: map[string]string{"X-Gateway-Token": "geheim"}},
		"headers: \"a b\" is no name of a header":                                                                         {API: llm.Chat, Headers: map[string]string{"a b": "c"}},
		"headers.X-Team: \"a\\nb\" cannot be sent: leave control characters out":                                          {API: llm.Chat, Headers: map[string]string{"X-Team": "a\nb"}},
		"headers_env.x-team: headers.X-Team gives the same header: leave one out":                                         {API: llm.Chat, Headers: map[string]string{"X-Team": "a"}, HeadersEnv: map[string]string{"x-team": "TEAM"}},
		"headers_env.Authorization: key_env or key_file sets it: leave one out":                                           {API: llm.Chat, KeyEnv: "KEY", HeadersEnv: map[string]string{"Authorization": "KEY"}},
		"headers_env.Api-Key is empty: name the worker's variable with the value":                                         {API: llm.Chat, HeadersEnv: map[string]string{"Api-Key": ""}},
	} {
		d.Model = "m"
		if err := d.Check(); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestHeadersAreSentAndTheirSecretsNotSaid(t *testing.T) {
	t.Setenv("GATEWAY", "geheim-7")
	for _, api := range apis {
		server, model := open(t, api, func(d *llm.Definition) {
			d.Headers, d.HeadersEnv = map[string]string{"X-Team": "agents", "User-Agent": "ours"}, map[string]string{"Api-Key": "GATEWAY"}
		}, func(a llmtest.Ask) llmtest.Reply {
			return llmtest.Reply{Status: 400, Message: "no access for " + a.Header.Get("Api-Key")}
		})
		_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
		header := server.Asked()[0].Header
		if header.Get("X-Team") != "agents" || header.Get("Api-Key") != "geheim-7" || header.Get("User-Agent") != "ours" {
			t.Errorf("%s: headers %v", api, header)
		}
		if want := "model invalid: " + addressOf(server, api) + ` answers 400 Bad Request: "no access for (a secret)"`; fmt.Sprint(err) != want {
			t.Errorf("%s: error %v, want it without the secret", api, err)
		}
		_, model = open(t, api, func(d *llm.Definition) { d.HeadersEnv = map[string]string{"Api-Key": "NOWHERE"} }, nil)
		_, err = model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
		if want := "model unauthorized: headers_env.Api-Key: the variable NOWHERE is empty or has a control character: set it to the header's value"; err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %q", api, err, want)
		}
	}
}

func TestADefinitionIsReadAndPrintedWithoutSecrets(t *testing.T) {
	t.Setenv("GATEWAY", "geheim-7")
	text := "api: openai-chat\nmodel: m\ntemperature: 0\nreasoning_effort: low\nheaders_env:\n    Api-Key: GATEWAY\nparameters:\n    nested:\n        deep:\n            - 1\n    top_k: 40\n"
	var d llm.Definition
	if err := yaml.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	printed, err := yaml.Marshal(d)
	if err != nil || string(printed) != text {
		t.Errorf("printed as\n%s(%v), want\n%s", printed, err, text)
	}
}

func TestPromptCachingMarksWhatStays(t *testing.T) {
	mark := map[string]any{"type": "ephemeral", "ttl": "1h"}
	body := bodyOf(t, llm.Messages, func(d *llm.Definition) { d.PromptCache = "1h" }, conversation)
	at := func(v any, path ...any) any {
		for _, step := range path {
			switch step := step.(type) {
			case int:
				list := v.([]any)
				v = list[(step+len(list))%len(list)]
			case string:
				v = v.(map[string]any)[step]
			}
		}
		return v
	}
	for _, path := range [][]any{{"system", -1}, {"tools", -1}, {"messages", -1, "content", -1}} {
		if got := at(body, append(path, "cache_control")...); !reflect.DeepEqual(got, mark) {
			t.Errorf("%v is marked %v, want %v", path, got, mark)
		}
	}
	text, err := json.Marshal(body)
	if err != nil || strings.Count(string(text), "cache_control") != 3 {
		t.Errorf("%s, %v; want 3 marks", text, err)
	}
	plain := bodyOf(t, llm.Messages, nil, conversation)
	if text, err := json.Marshal(plain); err != nil || strings.Contains(string(text), "cache_control") {
		t.Errorf("%s, %v; want no mark", text, err)
	}
}

func TestTokensThatAreWrittenToACacheHaveTheirPrice(t *testing.T) {
	u := llm.Usage{Input: 1_000_000, Cached: 500_000, Written: 400_000, Output: 100_000}
	if got := (llm.Price{Input: 3, Cached: 0.3, Written: 3.75, Output: 15}).Of(u); math.Abs(got-(0.3+0.15+1.5+1.5)) > 1e-9 {
		t.Errorf("cost %v", got)
	}
	if got := (llm.Price{Input: 3, Cached: 0.3, Output: 15}).Of(u); math.Abs(got-(1.5+0.15+1.5)) > 1e-9 {
		t.Errorf("cost %v without a price of its own", got)
	}
}
