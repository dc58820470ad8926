package llm_test

import (
	"strings"
	"testing"

	"switchyard/internal/llm"
	"switchyard/test/llmtest"
)

func TestThoughtsInFrontOfAnAnswerAreSetApart(t *testing.T) {
	for text, want := range map[string]string{
		"<think>Is it high?</think>It is high.":            "It is high.",
		"\n<think>\nIs it?\n</think>\n\nIt is high.\n":     "It is high.",
		"<think></think>{\"found\":3}":                     `{"found":3}`,
		"<think>a</think><think>b</think>c":                "c",
		"Is it high? Yes.\n</think>\n\nIt is high.":        "It is high.",
		"Is it high?</think>It is high.":                   "It is high.",
		"</think>It is high.":                              "It is high.",
		"<think>Is it high":                                "",
		"<think>a</think>":                                 "",
		"The tag `</think>` ends thoughts.":                "The tag `</think>` ends thoughts.",
		"Between <think> and </think> it thinks.":          "Between <think> and </think> it thinks.",
		`{"note":"close it with </think> here"}`:           `{"note":"close it with </think> here"}`,
		"<think>x</think>Use </think> to end it.":          "Use </think> to end it.",
		"It is high.":                                      "It is high.",
		"<thinking>loud</thinking> is no mark of thoughts": "<thinking>loud</thinking> is no mark of thoughts",
		"  It is high. ":                                   "  It is high. ",
	} {
		for _, api := range apis {
			server, model := open(t, api, nil, func(llmtest.Ask) llmtest.Reply { return llmtest.Say(text) })
			a := ask(t, model, llm.Request{})
			if a.Text != want {
				t.Errorf("%s: %q is read as %q, want %q", api, text, a.Text, want)
			}
			if a.Empty() {
				continue
			}
			ask(t, model, goOn(kept(t, a)))
			if got := server.Asked()[1].Conversation[1]; got != "assistant: "+text {
				t.Errorf("%s: sent back as %q, want %q", api, got, text)
			}
		}
	}
}

func TestThoughtsAreNotTold(t *testing.T) {
	for text, want := range map[string]string{
		"<think>Is it <b> high?</think>\n\nIt is <i>high</i>.": "It is <i>high</i>.",
		" \n<think></think><think>b</think>c":                  "c",
		"<th is high":                                          "<th is high",
		"It <think> is":                                        "It <think> is",
		"<think>never ends":                                    "",
	} {
		for size := 1; size < 12; size++ {
			var events []string
			for rest := text; rest != ""; {
				piece := rest[:min(size, len(rest))]
				rest = rest[len(piece):]
				events = append(events, `{"choices":[{"delta":{"content":"`+strings.NewReplacer("\n", `\n`).Replace(piece)+`"}}]}`)
			}
			model := streaming(t, llm.Chat, append(events, `{"choices":[{"delta":{},"finish_reason":"stop"}]}`)...)
			told := ""
			if _, err := model.Ask(t.Context(), llm.Request{Turns: []llm.Turn{{User: "?"}}}, func(piece string) { told += piece }); err != nil || told != want {
				t.Errorf("%q in pieces of %d is told as %q, want %q (%v)", text, size, told, want, err)
			}
		}
	}
}
