package llm_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"switchyard/internal/llm"
	"switchyard/test/llmtest"
)

// ask has a model answer a question.
func ask(t *testing.T, model llm.Model, r llm.Request) llm.Answer {
	t.Helper()
	if len(r.Turns) == 0 {
		r.Turns = []llm.Turn{{User: "?"}}
	}
	a, err := model.Ask(t.Context(), r, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// streaming returns a model whose server sends these events, as they are.
func streaming(t *testing.T, api string, events ...string) llm.Model {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range events {
			_, _ = fmt.Fprintf(w, "data: %s\n\n", e)
		}
	}))
	t.Cleanup(server.Close)
	_, model := open(t, api, func(d *llm.Definition) { d.BaseURL = server.URL }, nil)
	return model
}

func TestArgumentsAreWhatWasOnTheWire(t *testing.T) {
	for _, arguments := range []string{
		`{"text": "pay 5`, `{"a":1}{"a":2}`, `[1]`, `"text"`, `{"a":1} and so on`, `null`, `{"a": 1.50, "a": 2}`, `{"html":"<b>&"}`, "",
	} {
		for _, api := range apis {
			_, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply { return llmtest.Use("pay", arguments) })
			want := arguments
			if api == llm.Messages && arguments == "" {
				want = "{}" // its block begins with that
			}
			if a := ask(t, model, llm.Request{}); len(a.Calls) != 1 || a.Calls[0].Arguments != want {
				t.Errorf("%s: calls %+v, want the arguments %q", api, a.Calls, want)
			}
		}
	}
}

func TestArgumentsInOnePieceAreWhatWasOnTheWire(t *testing.T) {
	for _, api := range apis {
		for _, arguments := range []string{`{"a":1.50,"b":"<"}`, `[1]`, `"text"`} {
			_, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply {
				r := llmtest.Use("pay", arguments)
				r.Text, r.Whole = "I pay.", true
				return r
			})
			a := ask(t, model, llm.Request{})
			if len(a.Calls) != 1 || a.Calls[0].Name != "pay" || a.Calls[0].Arguments != arguments || a.Text != "I pay." || a.Stop != llm.Calling || a.Usage.Input != 100 {
				t.Errorf("%s: %+v, want the arguments %s", api, a, arguments)
			}
		}
	}
}

func TestOnlyOneObjectIsArguments(t *testing.T) {
	for arguments, want := range map[string]string{
		`{"text": "pay 5`:     "they are cut off after 15 bytes",
		`{`:                   "they are cut off after 1 bytes",
		`[{"a":1}]`:           "they are an array",
		`"{}"`:                "they are a string",
		`null`:                "they are null",
		`12`:                  "they are a number",
		`true`:                "they are a boolean",
		`{"a":1}{"b":2}`:      `behind the object stands "{\"b\":2}"`,
		`{"a":1}, thank you`:  `behind the object stands ", thank you"`,
		`{'a':1}`:             "they are not JSON: invalid character '\\'' looking for beginning of object key string at byte 2",
		`pay 5`:               "they are not JSON: invalid character 'p' looking for beginning of value at byte 1",
		"```json\n{\"a\":1}":  "they are not JSON: invalid character '`' looking for beginning of value at byte 1",
		"{\"a\":\"two\nlines": "they are not JSON: invalid character '\\n' in string literal at byte 10",
	} {
		if object, err := (llm.Call{Arguments: arguments}).Object(); err == nil || err.Error() != want {
			t.Errorf("%q: %s, %v; want %q", arguments, object, err, want)
		}
	}
	for arguments, want := range map[string]string{"": "{}", " \n\t": "{}", "{}": "{}", " {\"a\": [1, {}]}\n": `{"a": [1, {}]}`} {
		if object, err := (llm.Call{Arguments: arguments}).Object(); err != nil || string(object) != want {
			t.Errorf("%q: %s, %v; want %s", arguments, object, err, want)
		}
	}
}

func TestABrokenCallDoesNotBreakTheNextRequest(t *testing.T) {
	calls := []llm.Call{
		{ID: "a", Name: "pay", Arguments: `{"text": "pay 5`}, {ID: "b", Name: "pay", Arguments: ""}, {ID: "c", Name: "", Arguments: "[]"}, {ID: "d", Name: "do it now!", Arguments: "{}"},
	}
	request := llm.Request{Turns: []llm.Turn{{User: "?"}, {Answer: &llm.Answer{Calls: calls}}, {}}, Tools: conversation.Tools}
	for _, c := range calls {
		request.Turns[2].Results = append(request.Turns[2].Results, llm.Result{Call: c.ID, Text: "no", Failed: true})
	}
	want := []string{"user: ?", `call a: pay {"malformed":"{\"text\": \"pay 5"}`, "call b: pay {}", `call c: unnamed {"malformed":"[]"}`, "call d: do_it_now_ {}", "result a: no", "result b: no", "result c: no", "result d: no"}
	for _, api := range apis {
		server, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("well") })
		ask(t, model, request) // the server checks them, too
		if got := server.Asked()[0].Conversation; !slices.Equal(got, want) {
			t.Errorf("%s: the server got %q, want %q", api, got, want)
		}
	}
}

func TestCallsOfTheSameIndexWithOtherIDsAreTwoCalls(t *testing.T) {
	want := []llm.Call{{ID: "call-1", Name: "search", Arguments: `{"words":"moon"}`}, {ID: "call-2", Name: "search", Arguments: `{"words":"tide"}`}}
	for _, api := range apis {
		_, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply {
			r := llmtest.Use("search", `{"words":"moon"}`, "search", `{"words":"tide"}`)
			r.SameIndex = true
			return r
		})
		if a := ask(t, model, llm.Request{}); !slices.Equal(a.Calls, want) {
			t.Errorf("%s: calls %+v, want %+v", api, a.Calls, want)
		}
	}
}

func TestCallsArePutTogetherHoweverAServerCutsThem(t *testing.T) {
	two := []llm.Call{{ID: "a", Name: "search", Arguments: `{"q":1}`}, {ID: "b", Name: "read", Arguments: `{"q":2}`}}
	made := []llm.Call{{ID: "call-1-1", Name: "search", Arguments: `{"q":1}`}, {ID: "call-1-2", Name: "read", Arguments: `{"q":2}`}}
	for name, tc := range map[string]struct {
		pieces []string // of tool_calls, an event each
		want   []llm.Call
	}{
		"as OpenAI does": {[]string{
			`{"index":0,"id":"a","function":{"name":"search","arguments":""}}`, `{"index":0,"function":{"arguments":"{\"q\""}}`, `{"index":0,"function":{"arguments":":1}"}}`,
			`{"index":1,"id":"b","function":{"name":"read","arguments":""}}`, `{"index":1,"function":{"arguments":"{\"q\":2}"}}`,
		}, two},
		"the ID and the name with each piece": {[]string{
			`{"index":0,"id":"a","function":{"name":"search","arguments":"{\"q\""}}`, `{"index":0,"id":"a","function":{"name":"search","arguments":":1}"}}`,
			`{"index":1,"id":"b","function":{"name":"read","arguments":"{\"q\":2}"}}`,
		}, two},
		"the index 0 for all": {[]string{
			`{"index":0,"id":"a","function":{"name":"search","arguments":"{\"q\":1}"}}`, `{"index":0,"id":"b","function":{"name":"read","arguments":"{\"q\":2}"}}`,
		}, two},
		"the index 0 for all, in turns": {[]string{
			`{"index":0,"id":"a","function":{"name":"search","arguments":""}}`, `{"index":0,"id":"b","function":{"name":"read","arguments":""}}`,
			`{"index":0,"id":"a","function":{"arguments":"{\"q\":1}"}}`, `{"index":0,"id":"b","function":{"arguments":"{\"q\":2}"}}`,
		}, two},
		"no index": {[]string{
			`{"id":"a","function":{"name":"search","arguments":"{\"q\":1}"}}`, `{"id":"b","function":{"name":"read","arguments":"{\"q\":2}"}}`,
		}, two},
		"neither index nor ID": {[]string{
			`{"function":{"name":"search","arguments":"{\"q\":1}"}},{"function":{"name":"read","arguments":"{\"q\":2}"}}`,
		}, made},
		"neither index nor ID, one by one": {[]string{
			`{"function":{"name":"search","arguments":"{\"q\":1}"}}`, `{"function":{"name":"read","arguments":"{\"q\":2}"}}`,
		}, made},
		"the index 0 and no ID": {[]string{
			`{"index":0,"function":{"name":"search","arguments":"{\"q\":1}"}}`, `{"index":0,"function":{"name":"read","arguments":"{\"q\":2}"}}`,
		}, made},
		"the same ID": {[]string{
			`{"index":0,"id":"x","function":{"name":"search","arguments":"{\"q\":1}"}}`, `{"index":1,"id":"x","function":{"name":"read","arguments":"{\"q\":2}"}}`,
		}, []llm.Call{{ID: "x", Name: "search", Arguments: `{"q":1}`}, {ID: "call-1-2", Name: "read", Arguments: `{"q":2}`}}},
		"the name in pieces": {[]string{
			`{"index":0,"id":"a","function":{"name":"sea"}}`, `{"index":0,"function":{"name":"rch"}}`, `{"index":0,"function":{"arguments":"{\"q\":1}"}}`,
		}, two[:1]},
		"the name twice before the arguments": {[]string{
			`{"index":0,"id":"a","function":{"name":"search"}}`, `{"index":0,"id":"a","function":{"name":"search"}}`, `{"index":0,"function":{"arguments":"{\"q\":1}"}}`,
		}, two[:1]},
		"no name":   {[]string{`{"index":0,"id":"a","function":{"arguments":"{}"}}`}, []llm.Call{{ID: "a", Arguments: "{}"}}},
		"an object": {[]string{`{"index":0,"id":"a","function":{"name":"search","arguments":{"q":1}}}`}, two[:1]},
		"null":      {[]string{`{"index":0,"id":"a","function":{"name":"search","arguments":null}}`}, []llm.Call{{ID: "a", Name: "search"}}},
	} {
		var events []string
		for _, p := range tc.pieces {
			events = append(events, `{"choices":[{"index":0,"delta":{"tool_calls":[`+p+`]}}]}`)
		}
		events = append(events, `{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, "[DONE]")
		model := streaming(t, llm.Chat, events...)
		if a := ask(t, model, llm.Request{Tools: conversation.Tools}); !slices.Equal(a.Calls, tc.want) {
			t.Errorf("%s: calls %+v, want %+v", name, a.Calls, tc.want)
		}
	}
}

func TestAnIDIsThatOfOneCallInAConversation(t *testing.T) {
	request := llm.Request{Tools: conversation.Tools, Turns: []llm.Turn{
		{User: "?"}, {Answer: &llm.Answer{Calls: []llm.Call{{ID: "call_0", Name: "search", Arguments: "{}"}}}}, {Results: []llm.Result{{Call: "call_0", Text: "nothing"}}},
	}}
	for _, api := range apis {
		_, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply {
			r := llmtest.Use("search", "{}", "search", "{}")
			r.Calls[0].ID, r.Calls[1].ID = "call_0", "call_0"
			return r
		})
		want := []llm.Call{{ID: "call-3-1", Name: "search", Arguments: "{}"}, {ID: "call-3-2", Name: "search", Arguments: "{}"}}
		if a := ask(t, model, request); !slices.Equal(a.Calls, want) {
			t.Errorf("%s: calls %+v, want %+v", api, a.Calls, want)
		}
	}
}

func TestAnAnswerOfTooManyCallsIsBroken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 1001 {
			_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":%d,\"function\":{\"name\":\"a\"}}]}}]}\n\n", i)
		}
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n")
	}))
	defer server.Close()
	_, model := open(t, llm.Chat, func(d *llm.Definition) { d.BaseURL = server.URL }, nil)
	_, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
	if err == nil || err.Error() != "model broken: it has more than 1000 calls" {
		t.Errorf("error %v", err)
	}
}
