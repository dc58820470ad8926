package agents

import (
	"context"
	"errors"
	"strings"
	"testing"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
	"switchyard/test/llmtest"
)

func TestArgumentsThatAreCutOffDoNothing(t *testing.T) {
	for _, api := range apis {
		for arguments, want := range map[string]string{
			`{"to": "bo`:                 "they are cut off after 10 bytes",
			`{"to":"bob"}{"to":"eve"}`:   `behind the object stands "{\"to\":\"eve\"}"`,
			`["bob"]`:                    "they are an array",
			`{"to":"bob"} I post it now`: `behind the object stands "I post it now"`,
		} {
			s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
				if turn(a) == 1 {
					return llmtest.Use("post", arguments)
				}
				return llmtest.Say("well")
			})
			s.api, s.definition.Tools, s.definition.Approve = api, []string{"post"}, []string{"post"}
			brief, err := s.attempt(t.Context(), 1)
			if err != nil || brief.Text != "well" || len(s.post.done) > 0 {
				t.Errorf("%s: %+v, %v, posted %q", api, brief, err, s.post.done)
				continue
			}
			if told := s.server.Asked()[1].Last(); !strings.Contains(told, "not called: the arguments have to be one JSON object, but "+want+". You wrote ") {
				t.Errorf("%s: told %s, want %s", api, told, want)
			}
		}
	}
}

func TestNoArgumentsAreAnEmptyObject(t *testing.T) {
	for _, api := range apis {
		s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
			if turn(a) == 1 {
				return llmtest.Use("post", "")
			}
			return llmtest.Say("well")
		})
		s.api, s.definition.Tools = api, []string{"post"}
		if brief, err := s.attempt(t.Context(), 1); err != nil || brief.Text != "well" || len(s.post.done) != 1 || s.post.done[0] != "r-1.1 {}" {
			t.Errorf("%s: %+v, %v, posted %q", api, brief, err, s.post.done)
		}
	}
}

func TestCallsOfAnAnswerThatWasCutOffAreNotMade(t *testing.T) {
	for _, api := range apis {
		cut := llmtest.Use("post", `{"to":"bob"}`) // the next one might have said: only if eve agrees
		cut.Stop = llm.Length
		s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
			if turn(a) < 3 {
				return cut
			}
			return llmtest.Say("well")
		})
		s.api, s.definition.Tools = api, []string{"post"}
		if brief, err := s.attempt(t.Context(), 1); err != nil || brief.Text != "well" || len(s.post.done) > 0 {
			t.Errorf("%s: %+v, %v, posted %q", api, brief, err, s.post.done)
		}
		if told := s.server.Asked()[1].Last(); !strings.HasSuffix(told, ": not called: your answer was cut off at its bound before it was complete. Answer again, and more briefly") {
			t.Errorf("%s: told %q", api, told)
		}
		s = newStudy(t, func(llmtest.Ask) llmtest.Reply { return cut })
		s.api, s.definition.Tools = api, []string{"post"}
		if _, err := s.attempt(t.Context(), 1); !tasks.IsPermanent(err) || err.Error() != errCutOff.Error() || len(s.server.Asked()) != 3 {
			t.Errorf("%s: %v after %d requests", api, err, len(s.server.Asked()))
		}
	}
}

func TestAModelThatPausesGoesOn(t *testing.T) {
	s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
		if len(a.Conversation) == 1 {
			r := llmtest.Say("I look.")
			r.Stop, r.Thought = llm.Paused, "Where is it?"
			return r
		}
		return llmtest.Say("It is high.")
	})
	s.api = llm.Messages
	brief, err := s.attempt(t.Context(), 1)
	if err != nil || brief.Text != "It is high." || s.server.Asked()[1].Last() != "assistant: I look." {
		t.Errorf("%+v, %v, asked %q", brief, err, s.server.Asked()[1].Conversation)
	}
}

func TestAnotherAttemptSendsBackWhatIsOpaque(t *testing.T) {
	for _, api := range apis {
		var s *study
		died := errors.New("killed")
		ctx, kill := context.WithCancelCause(t.Context())
		s = newStudy(t, func(a llmtest.Ask) llmtest.Reply {
			if turn(a) == 1 {
				r := llmtest.Use("search_documents", `{"words":"tide"}`)
				r.Text, r.Thought = "I look.", "Where is the <sea>?"
				return r
			}
			if len(s.server.Asked()) == 2 {
				kill(died) // in the middle of the second answer
				return llmtest.Reply{Answer: llm.Answer{Text: "The tide"}, Cut: true}
			}
			return llmtest.Say("It is high.")
		})
		s.api, s.definition.Tools = api, []string{"search_documents"}
		if _, err := s.attempt(ctx, 1); !errors.Is(err, died) {
			t.Fatalf("%s: first attempt: %v", api, err)
		}
		brief, err := s.attempt(t.Context(), 2) // the server refuses it without the thought
		asked := s.server.Asked()
		if err != nil || brief.Text != "It is high." || len(asked) != 3 || asked[1].Body != asked[2].Body {
			t.Errorf("%s: %+v, %v after %d requests, the last %s", api, brief, err, len(asked), asked[len(asked)-1].Body)
		}
	}
}

func TestAFallbackGetsNothingOpaque(t *testing.T) {
	for _, api := range []string{llm.Chat, llm.Responses} {
		s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
			switch {
			case a.Model == "second":
				return llmtest.Say("It is high.") // it refuses thoughts that it did not give
			case turn(a) > 1:
				return llmtest.Reply{Status: 500}
			}
			r := llmtest.Use("search_documents", `{"words":"tide"}`)
			r.Calls[0].ID, r.Thought = "functions.search:0", "Where is it?"
			return r
		})
		s.api, s.definition.Tools, s.definition.Fallback = api, []string{"search_documents"}, "backup"
		brief, err := s.attempt(t.Context(), 1)
		asked := s.server.Asked()
		last := asked[len(asked)-1]
		if err != nil || brief.Text != "It is high." || strings.Contains(last.Body, "Where is it?") || last.Conversation[1] != `call functions_search_0: search_documents {"words":"tide"}` {
			t.Errorf("%s: %+v, %v, asked %q", api, brief, err, last.Conversation)
		}
	}
}
