package llm_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"switchyard/internal/llm"
	"switchyard/test/llmtest"
)

func TestALastWordKeepsTheToolsDeclared(t *testing.T) {
	for _, api := range apis {
		request := conversation
		request.NoCalls = true
		server, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("Here.") })
		ask(t, model, request)
		if got := server.Asked()[0]; got.ToolChoice != "none" || !slices.Equal(got.Tools, []string{"search"}) {
			t.Errorf("%s: tools %q to be used %q", api, got.Tools, got.ToolChoice)
		}
		request = llm.Request{Turns: []llm.Turn{{User: "?"}}, NoCalls: true}
		ask(t, model, request) // the server refuses a choice without tools
		if got := server.Asked()[1]; got.ToolChoice != "" {
			t.Errorf("%s: there are no tools, to be used %q", api, got.ToolChoice)
		}
	}
}

func TestTheVendorsReasonsAreRead(t *testing.T) {
	for _, tc := range []struct {
		api, finish string
		stop        llm.Stop
		class       llm.Class
	}{
		{llm.Chat, "length", llm.Length, ""},
		{llm.Chat, "model_length", llm.Length, ""},
		{llm.Chat, "content_filter", llm.Refused, ""},
		{llm.Chat, "stop", llm.Ended, ""},
		{llm.Chat, "whatever", llm.Ended, ""},
		{llm.Chat, "error", "", llm.Broken},
		{llm.Chat, "abort", "", llm.Broken},
		{llm.Chat, "insufficient_system_resource", "", llm.Overloaded},
		{llm.Messages, "end_turn", llm.Ended, ""},
		{llm.Messages, "stop_sequence", llm.Ended, ""},
		{llm.Messages, "max_tokens", llm.Length, ""},
		{llm.Messages, "model_context_window_exceeded", llm.Length, ""},
		{llm.Messages, "refusal", llm.Refused, ""},
		{llm.Messages, "pause_turn", llm.Paused, ""},
		{llm.Responses, "max_output_tokens", llm.Length, ""},
		{llm.Responses, "content_filter", llm.Refused, ""},
	} {
		for _, whole := range []bool{false, true} {
			_, model := open(t, tc.api, nil, func(llmtest.Ask) llmtest.Reply {
				r := llmtest.Say("So far.")
				r.Finish, r.Whole = tc.finish, whole
				return r
			})
			a, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(string) {})
			var failure *llm.Error
			if tc.class != "" {
				if !errors.As(err, &failure) || failure.Class != tc.class {
					t.Errorf("%s, %s: %+v, %v; want an error of class %s", tc.api, tc.finish, a, err, tc.class)
				}
				continue
			}
			if err != nil || a.Stop != tc.stop || a.Text != "So far." || (a.Reason == tc.finish) != (tc.stop != llm.Ended) {
				t.Errorf("%s, %s: %+v, %v; want it to have stopped for %s", tc.api, tc.finish, a, err, tc.stop)
			}
		}
	}
}

func TestAnEmptyAnswerIsNotSentBack(t *testing.T) {
	for _, api := range apis {
		request := llm.Request{Turns: []llm.Turn{{User: "What is new?"}, {Answer: &llm.Answer{Text: " \n", Stop: llm.Ended}}, {User: "Say something."}}}
		server, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("Here.") })
		ask(t, model, request)
		if got, want := server.Asked()[0].Conversation, []string{"user: What is new?\n\nSay something."}; !slices.Equal(got, want) {
			t.Errorf("%s: sent %q, want %q", api, got, want)
		}
		if request.Turns[0].User != "What is new?" {
			t.Error("the request was changed")
		}
	}
}

func TestAnAnswerEndsWithItsLastEvent(t *testing.T) {
	for api, events := range map[string][]string{
		llm.Chat:      {`{"choices":[{"delta":{"content":"Here."},"finish_reason":"stop"}]}`, "[DONE]"},
		llm.Responses: {`{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Here."}]}]}}`},
		llm.Messages: {
			`{"type":"message_start","message":{"content":[]}}`, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Here."}}`,
			`{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`, `{"type":"message_stop"}`,
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // so that it is heard when the other side leaves
			w.Header().Set("Content-Type", "text/event-stream")
			for _, e := range events {
				_, _ = io.WriteString(w, "data: "+e+"\n\n")
			}
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}))
		_, model := open(t, api, func(d *llm.Definition) { d.BaseURL = server.URL }, nil)
		if a := ask(t, model, llm.Request{}); a.Text != "Here." || a.Stop != llm.Ended {
			t.Errorf("%s: %+v", api, a)
		}
		server.Close()
	}
}
