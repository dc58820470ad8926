package llm_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"switchyard/internal/llm"
	"switchyard/test/llmtest"
)

// kept returns an answer as a journal brings it back.
func kept(t *testing.T, a llm.Answer) *llm.Answer {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var again llm.Answer
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	return &again
}

// goOn returns a request that goes on after an answer, with results of its calls.
func goOn(a *llm.Answer) llm.Request {
	r := llm.Request{Tools: conversation.Tools, Turns: []llm.Turn{{User: "?"}, {Answer: a}, {}}}
	for _, c := range a.Calls {
		r.Turns[2].Results = append(r.Turns[2].Results, llm.Result{Call: c.ID, Text: "found"})
	}
	if len(a.Calls) == 0 {
		r.Turns[2].User = "Go on."
	}
	return r
}

func TestWhatIsOpaqueIsSentBackToTheModelThatGaveIt(t *testing.T) {
	for _, api := range apis {
		given := map[string]string{"with calls": "call-1", "with text": "I look."}
		for name, first := range map[string]llmtest.Reply{"with calls": llmtest.Use("search", `{"words":"tide"}`, "search", `{"words":"moon"}`), "with text": llmtest.Say("I look.")} {
			for _, whole := range []bool{false, true} {
				first.Thought, first.Whole = "Where is the <sea>? — \u2028", whole
				server, model := open(t, api, nil, func(a llmtest.Ask) llmtest.Reply {
					if len(a.Conversation) == 1 {
						return first
					}
					return llmtest.Say("There.")
				})
				a := ask(t, model, llm.Request{Tools: conversation.Tools})
				if strings.Contains(a.Text, "Where") {
					t.Errorf("%s, %s: the thought is said: %q", api, name, a.Text)
				}
				ask(t, model, goOn(kept(t, a))) // the server refuses it without the thought
				lost := kept(t, a)
				lost.Original = nil
				_, err := model.Ask(t.Context(), goOn(lost), func(string) {})
				want := "model invalid: " + addressOf(server, api) + fmt.Sprintf(" answers 400 Bad Request: \"the thought that was given with %s is missing\"", `\"`+given[name]+`\"`)
				if fmt.Sprint(err) != want || len(server.Asked()) != 3 {
					t.Errorf("%s, %s: %v; want the server to miss the thought", api, name, err)
				}
			}
		}
	}
}

func TestAnotherModelGetsNothingOpaque(t *testing.T) {
	for _, from := range apis {
		for _, to := range apis {
			_, model := open(t, from, nil, func(llmtest.Ask) llmtest.Reply {
				r := llmtest.Use("search", `{"words":"tide"}`)
				r.Thought = "Where is the sea?"
				return r
			})
			a := ask(t, model, llm.Request{Tools: conversation.Tools})
			// Also one of the same format has another name.
			server, other := open(t, to, func(d *llm.Definition) { d.Model = "other" }, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("There.") })
			ask(t, other, goOn(kept(t, a))) // the server refuses thoughts that it did not give
			want := []string{"user: ?", `call ` + a.Calls[0].ID + `: search {"words":"tide"}`, "result " + a.Calls[0].ID + ": found"}
			if got := server.Asked()[0]; !reflect.DeepEqual(got.Conversation, want) || strings.Contains(got.Body, "Where") {
				t.Errorf("from %s to %s: %s, want %q", from, to, got.Body, want)
			}
		}
	}
}

// last returns the last turn of the model in a request's body, by the name of the list.
func last(t *testing.T, body, list string, from int) any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatal(err)
	}
	return all[list].([]any)[from]
}

func TestWhatNobodyKnowsIsKeptAsItCame(t *testing.T) {
	for name, tc := range map[string]struct {
		api, list string
		events    []string
		want      string
	}{
		"chat completions": {llm.Chat, "messages", []string{
			`{"choices":[{"delta":{"role":"assistant","content":null,"reasoning":"Whe","reasoning_details":[{"type":"reasoning.text","index":0,"text":"Whe","format":"f"}],"refusal":null}}]}`,
			`{"choices":[{"delta":{"reasoning":"re?","reasoning_details":[{"type":"reasoning.text","index":0,"text":"re?","signature":"s1","format":"f"},{"type":"reasoning.encrypted","index":1,"data":"x9"}],"annotations":[]}}]}`,
			`{"choices":[{"delta":{"vendor":{"mood":{"level":0.7,"calm":true}},"tool_calls":[{"index":0,"id":"a","type":"function","extra_content":{"google":{"thought_signature":"s2"}},"function":{"name":"search","arguments":"{}","strict":true}}]}}]}`,
			`{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`,
		}, `{"role":"assistant","reasoning":"Where?","reasoning_details":[{"type":"reasoning.text","index":0,"text":"Where?","signature":"s1","format":"f"},{"type":"reasoning.encrypted","index":1,"data":"x9"}],
			"vendor":{"mood":{"level":0.7,"calm":true}},"tool_calls":[{"id":"a","type":"function","extra_content":{"google":{"thought_signature":"s2"}},"function":{"name":"search","arguments":"{}","strict":true}}]}`},
		"messages": {llm.Messages, "messages", []string{
			`{"type":"message_start","message":{"content":[],"model":"m"}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Whe"}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"re?"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s1"}}`,
			`{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"x9"}}`,
			`{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}`, `{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"I look."}}`,
			`{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"char_location","start":3}}}`,
			`{"type":"content_block_start","index":3,"content_block":{"type":"text","text":" "}}`,
			`{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"a","name":"search","input":{},"caller":{"type":"direct"}}}`,
			`{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"b\":1,"}}`, `{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"\"a\":2}"}}`,
			`{"type":"content_block_start","index":5,"content_block":{"type":"from_2030","what":{"deep":[1,{"er":null}]}}}`,
			`{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}`,
		}, `{"role":"assistant","content":[{"type":"thinking","thinking":"Where?","signature":"s1"},{"type":"redacted_thinking","data":"x9"},{"type":"text","text":"I look.","citations":[{"type":"char_location","start":3}]},
			{"type":"tool_use","id":"a","name":"search","input":{"b":1,"a":2},"caller":{"type":"direct"}},{"type":"from_2030","what":{"deep":[1,{"er":null}]}}]}`},
		"responses": {llm.Responses, "input", []string{
			`{"type":"response.completed","response":{"status":"completed","model":"m","output":[{"type":"reasoning","id":"r1","summary":[],"encrypted_content":"x9"},{"type":"function_call","id":"f1","call_id":"a","name":"search","arguments":"{}","status":"completed","caller":1}]}}`,
		}, `{"type":"function_call","id":"f1","call_id":"a","name":"search","arguments":"{}","status":"completed","caller":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			model := streaming(t, tc.api, tc.events...)
			a := kept(t, ask(t, model, llm.Request{Tools: conversation.Tools}))
			server, again := open(t, tc.api, func(d *llm.Definition) { d.Model = "scripted-1" }, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("There.") })
			_, _ = again.Ask(t.Context(), goOn(a), func(string) {}) // it refuses thoughts of others
			var want any
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			place := map[string]int{llm.Chat: 1, llm.Messages: 1, llm.Responses: 2}[tc.api]
			if got := last(t, server.Asked()[0].Body, tc.list, place); !reflect.DeepEqual(got, want) {
				t.Errorf("sent back %v, want %v", got, want)
			}
		})
	}
}

func TestAnAnswerOfTextAndCallsIsKeptOnce(t *testing.T) {
	for _, api := range apis {
		for _, whole := range []bool{false, true} {
			_, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply {
				r := llmtest.Use("search", `{"words":"tide"}`)
				r.Text, r.Whole = "I look.", whole
				return r
			})
			if a := ask(t, model, llm.Request{}); a.Original != nil {
				t.Errorf("%s: kept twice: %s", api, a.Original.JSON)
			}
		}
	}
}

func TestAModelWithoutEncryptedThoughtsIsAskedForNone(t *testing.T) {
	server, model := open(t, llm.Responses, nil, func(a llmtest.Ask) llmtest.Reply {
		if strings.Contains(a.Body, "reasoning.encrypted_content") {
			return llmtest.Reply{Status: 400, Code: "invalid_request_error", Message: "Encrypted content is not supported with this model."}
		}
		return llmtest.Say("Here.")
	})
	for range 2 {
		if a := ask(t, model, llm.Request{}); a.Text != "Here." {
			t.Errorf("answer %+v", a)
		}
	}
	if n := len(server.Asked()); n != 3 {
		t.Errorf("%d requests, want it to be refused once", n)
	}
}

func TestATextInPartsIsReadAndKeptInParts(t *testing.T) {
	model := streaming(t, llm.Chat,
		`{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Where?"}]}]}}]}`,
		`{"choices":[{"delta":{"content":"There"}}]}`, `{"choices":[{"delta":{"content":" it is."}}]}`,
		`{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":12.0,"completion_tokens":"many"}}`)
	a := ask(t, model, llm.Request{})
	if a.Text != "There it is." || a.Usage.Input != 12 || a.Usage.Output != 0 {
		t.Errorf("answer %+v", a)
	}
	server, again := open(t, llm.Chat, nil, nil)
	_, _ = again.Ask(t.Context(), goOn(kept(t, a)), func(string) {}) // the server knows no parts
	want := []any{map[string]any{"type": "thinking", "thinking": []any{map[string]any{"type": "text", "text": "Where?"}}}, map[string]any{"type": "text", "text": "There"}, map[string]any{"type": "text", "text": " it is."}}
	if got := last(t, server.Asked()[0].Body, "messages", 1).(map[string]any)["content"]; !reflect.DeepEqual(got, want) {
		t.Errorf("sent back %v, want %v", got, want)
	}
}

func TestWhatAModelSaysOfItsWorkIsNotItsAnswer(t *testing.T) {
	message := func(phase, text string) string {
		return `{"type":"message","role":"assistant","phase":"` + phase + `","content":[{"type":"output_text","text":"` + text + `"}]}`
	}
	for output, want := range map[string]string{
		message("commentary", "I look.") + "," + message("final_answer", "It is high."): "It is high.",
		message("commentary", "I look."):                                                "I look.",
	} {
		model := streaming(t, llm.Responses, `{"type":"response.completed","response":{"status":"completed","output":[`+output+`]}}`)
		if a := ask(t, model, llm.Request{}); a.Text != want {
			t.Errorf("%s is read as %q, want %q", output, a.Text, want)
		}
	}
}
