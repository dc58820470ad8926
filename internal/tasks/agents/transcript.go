package agents

import (
	"encoding/json"
	"strings"

	"switchyard/internal/journal"
	"switchyard/internal/llm"
)

// AskingOf returns the model's answer that a step of a run holds, and false if the step was something
// else.
func AskingOf(s journal.Step) (Asking, bool) {
	var a Asking
	if json.Unmarshal(s.Result, &a) != nil || a.Answer.Usage == (llm.Usage{}) {
		return Asking{}, false
	}
	return a, true
}

// Message is what a model has said in a run, or what a tool has answered that it called.
type Message struct {
	Step string // of the journal
	// Tool is the name of the tool that has answered; "": the model speaks.
	Tool   string
	Text   string
	Calls  []llm.Call // that the model wants
	Failed bool       // of a tool
}

// Transcript returns the conversation that the steps of a run hold, in order. What the run was asked
// is in its payload. A run without a model has none.
func Transcript(steps []journal.Step) []Message {
	var all []Message
	for _, s := range steps {
		if a, ok := AskingOf(s); ok {
			all = append(all, Message{Step: s.Name, Text: a.Answer.Text, Calls: a.Answer.Calls})
			continue
		}
		rest, isCall := strings.CutPrefix(s.Name, toolStep)
		if !isCall || len(all) == 0 || !s.Finished() {
			continue
		}
		var c called
		if json.Unmarshal(s.Result, &c) != nil {
			c = called{Text: string(s.Result)} // that of a person
		}
		_, name, _ := strings.Cut(rest, " ")
		all = append(all, Message{Step: s.Name, Tool: name, Text: c.Text, Failed: c.Failed})
	}
	return all
}

// toolStep begins the names of the steps that are calls of tools. A number and the tool's name follow.
const toolStep = "tool "
