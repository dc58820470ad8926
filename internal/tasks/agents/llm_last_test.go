package agents

import (
	"strings"
	"testing"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
	"switchyard/test/llmtest"
)

// apis are the formats that models are asked in.
var apis = []string{llm.Chat, llm.Responses, llm.Messages}

// searching returns a study of a model that searches until its budget of three steps is used
// up, saying so or not, and has a last word.
func searching(t *testing.T, saying string, last llmtest.Reply) *study {
	t.Helper()
	s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
		if a.ToolChoice == "none" {
			return last
		}
		r := llmtest.Use("search_documents", `{"words":"tide"}`)
		r.Text = saying
		return r
	})
	s.definition.Tools, s.definition.Budget = []string{"search_documents", "post"}, Budget{Steps: 3}
	return s
}

// found is what searching brings.
const found = "id tides, of 2030-06-01: Tides (https://example.org/tides)\n    The tide at the harbour was the highest in thirty years, they say.\n"

func TestALastWordThatCannotBeTakenLeavesWhatWasFound(t *testing.T) {
	cut, refused := llmtest.Say("The tide was"), llmtest.Say("I may not.")
	cut.Stop, refused.Stop = llm.Length, llm.Refused
	empty := llmtest.Say("")
	filtered := llmtest.Say("")
	filtered.Finish = "content_filter"
	twice := "search_documents: " + found + "\n\nsearch_documents: " + found
	for name, tc := range map[string]struct {
		saying     string
		last       llmtest.Reply
		schema     bool
		text       string
		unanswered string
	}{
		"a call":               {"", llmtest.Use("post", `{"to":"bob"}`), false, twice, `the model called "post" in place of a last word`},
		"a call, after a text": {"It is high.", llmtest.Use("post", `{"to":"bob"}`), false, "It is high.", `the model called "post" in place of a last word`},
		"nothing":              {"It is high.", empty, false, "It is high.", "the model's last word is empty"},
		"nothing but thoughts": {"It is high.", llmtest.Say("<think>Is it?"), false, "It is high.", "the model's last word is empty"},
		"the begin of one":     {"It is high.", cut, false, "The tide was", errCutOff.Error()},
		"a refusal":            {"It is high.", refused, false, "It is high.", `the model refuses: "I may not."`},
		"a filter's":           {"", filtered, false, twice, "the model refuses, and does not say why (content_filter)"},
		"no JSON":              {"", llmtest.Say("It is three."), true, "It is three.", "the model's last word is not what the agent's definition asks for: it is not JSON: invalid character 'I' looking for beginning of value"},
		"not accepted":         {"It is high.", llmtest.Reply{Status: 400, Message: "no such field"}, false, "It is high.", `the model could not be asked for its last word: main: model invalid: URL/chat/completions answers 400 Bad Request: "no such field"`},
	} {
		s := searching(t, tc.saying, tc.last)
		if tc.schema {
			s.definition.Schema = map[string]any{"type": "object"}
		}
		brief, err := s.attempt(t.Context(), 1)
		brief.Unanswered = strings.ReplaceAll(brief.Unanswered, s.server.URL+"/v1", "URL")
		if err != nil || brief.Text != tc.text || brief.Unanswered != tc.unanswered || brief.Stopped != "steps" || brief.Output != nil || len(s.post.done) > 0 {
			t.Errorf("%s: %+v, %v, posted %q; want the text %q and %q", name, brief, err, s.post.done, tc.text, tc.unanswered)
		}
	}
}

func TestAServerThatTakesNoToolChoiceDoesNotLoseTheWork(t *testing.T) {
	for _, api := range apis {
		s := searching(t, "It is high.", llmtest.Say("never said"))
		s.api, s.server.RefuseNone = api, true
		brief, err := s.attempt(t.Context(), 1)
		if err != nil || brief.Text != "It is high." || brief.Stopped != "steps" || !strings.HasPrefix(brief.Unanswered, "the model could not be asked for its last word: main: model invalid: ") || !strings.HasSuffix(brief.Unanswered, `: "tool_choice none is not supported"`) {
			t.Errorf("%s: %+v, %v", api, brief, err)
		}
	}
}

func TestALastWordThatMayStillComeIsWaitedFor(t *testing.T) {
	for _, status := range []int{401, 503} {
		s := searching(t, "It is high.", llmtest.Reply{Status: status})
		if brief, err := s.attempt(t.Context(), 1); err == nil || brief.Unanswered != "" {
			t.Errorf("status %d: %+v, %v; want the error: what was done stays in the journal", status, brief, err)
		}
	}
}

func TestAnEmptyAnswerIsAskedForOnceMore(t *testing.T) {
	for name, empty := range map[string]string{"nothing": "", "space": " \n", "thoughts": "<think>Well.</think>\n"} {
		for _, api := range apis {
			s := newStudy(t, func(a llmtest.Ask) llmtest.Reply {
				switch {
				case strings.HasPrefix(a.Last(), "result "):
					return llmtest.Say(empty)
				case a.Last() == "user: You have answered with nothing. Give your final answer now, as text.":
					return llmtest.Say("It is high.")
				}
				return llmtest.Use("search_documents", `{"words":"tide"}`)
			})
			s.api, s.definition.Tools = api, []string{"search_documents"}
			brief, err := s.attempt(t.Context(), 1)
			if err != nil || brief.Text != "It is high." || brief.Spent.Steps != 3 {
				t.Errorf("%s, %s: %+v, %v", name, api, brief, err)
			}
			again, err := s.attempt(t.Context(), 2) // all of it is in the journal
			if err != nil || again.Text != brief.Text || len(s.server.Asked()) != 3 {
				t.Errorf("%s, %s: again %+v, %v after %d requests", name, api, again, err, len(s.server.Asked()))
			}
		}
	}
}

func TestARunDoesNotEndWithNothingAndNoReason(t *testing.T) {
	s := newStudy(t, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("") })
	brief, err := s.attempt(t.Context(), 1)
	if want := "the model has answered twice with neither text nor calls: look at its instructions and at what its server supports"; !tasks.IsPermanent(err) || err.Error() != want {
		t.Errorf("%+v, %v; want %q", brief, err, want)
	}
	if n := len(s.server.Asked()); n != 2 {
		t.Errorf("%d requests, want it to be asked once more", n)
	}
	s = newStudy(t, func(llmtest.Ask) llmtest.Reply { return llmtest.Say("") })
	s.definition.Budget = Budget{Steps: 2}
	if brief, err = s.attempt(t.Context(), 1); err != nil || brief.Stopped != "steps" || brief.Unanswered != "the model's last word is empty" {
		t.Errorf("%+v, %v; want the budget and why there is no answer", brief, err)
	}
}

func TestAUsersDayThatIsUsedUpLeavesWhatWasFound(t *testing.T) {
	s := newStudy(t, func(llmtest.Ask) llmtest.Reply {
		r := llmtest.Use("search_documents", `{"words":"tide"}`)
		r.Text, r.Usage.Input = "It is high.", 50_000
		return r
	})
	s.definition.Tools, s.limit.Tokens = []string{"search_documents"}, 50_000
	brief, err := s.attempt(t.Context(), 1)
	if err != nil || brief.Stopped != "user_day_tokens" || brief.Text != "It is high." || brief.Unanswered != "there was no room for another answer" {
		t.Errorf("%+v, %v", brief, err)
	}
}
