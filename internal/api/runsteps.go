package api

import (
	"strings"

	"switchyard/internal/journal"
	"switchyard/internal/llm"
	"switchyard/internal/tasks/agents"
)

// RunStep is a step of a run, with what it took if it was a model's answer.
type RunStep struct {
	journal.Step
	Usage *RunUsage `json:"usage,omitempty" doc:"Of a model's answer: what it took."`
}

// RunUsage is what answers of models took.
type RunUsage struct {
	Input   int64   `json:"input" doc:"Tokens that the model was given, the cached and written ones among them."`
	Cached  int64   `json:"cached,omitempty" doc:"Those that the vendor had at hand."`
	Written int64   `json:"written,omitempty" doc:"Those that the vendor has put there."`
	Output  int64   `json:"output" doc:"Tokens of the answer."`
	Cost    float64 `json:"cost,omitempty" doc:"In the currency of the model's prices."`
	Model   string  `json:"model,omitempty" doc:"As its server names it. Of the latest answer."`
}

func (u *RunUsage) add(a llm.Answer) {
	u.Input += a.Usage.Input
	u.Cached += a.Usage.Cached
	u.Written += a.Usage.Written
	u.Output += a.Usage.Output
	u.Cost += a.Cost
	u.Model = a.Model
}

// runStepsOf returns steps as they are told, and what they took together; nil if no model answered.
func runStepsOf(steps []journal.Step) (told []RunStep, sum *RunUsage) {
	told = make([]RunStep, len(steps))
	for i, s := range steps {
		told[i].Step = s
		a, ok := agents.AskingOf(s)
		if !ok {
			continue
		}
		told[i].Usage = &RunUsage{}
		told[i].Usage.add(a.Answer)
		if sum == nil {
			sum = &RunUsage{}
		}
		sum.add(a.Answer)
	}
	return told, sum
}

// RunMessage is what a model has said in a run, or what a tool has answered that it called.
type RunMessage struct {
	Step   string    `json:"step" doc:"The step of the run that has all of it."`
	Role   string    `json:"role" enum:"model,tool"`
	Tool   string    `json:"tool,omitempty" doc:"The tool that has answered."`
	Text   string    `json:"text,omitempty"`
	Calls  []RunCall `json:"calls,omitempty" doc:"The calls of tools that the model wants."`
	Failed bool      `json:"failed,omitempty" doc:"Whether the call of the tool has failed."`
	Cut    bool      `json:"cut,omitempty" doc:"Whether something of it was longer than 8000 bytes, and is cut."`
}

// RunCall is a call of a tool that a model wants.
type RunCall struct {
	ID        string `json:"id"`
	Tool      string `json:"tool"`
	Arguments string `json:"arguments" doc:"As the model wrote them."`
}

const (
	// maxMessages bounds the messages of a transcript, and maxMessage each text of one, in bytes.
	maxMessages = 200
	maxMessage  = 8000
)

// transcriptOf returns the latest messages of a run.
func transcriptOf(steps []journal.Step) []RunMessage {
	all := agents.Transcript(steps)
	all = all[max(0, len(all)-maxMessages):]
	told := make([]RunMessage, len(all))
	for i, m := range all {
		to := RunMessage{Step: m.Step, Role: "model", Tool: m.Tool, Failed: m.Failed}
		if m.Tool != "" {
			to.Role = "tool"
		}
		to.Text = to.bounded(m.Text)
		for _, c := range m.Calls {
			to.Calls = append(to.Calls, RunCall{c.ID, c.Name, to.bounded(c.Arguments)})
		}
		told[i] = to
	}
	return told
}

// bounded cuts a text that is too long, and notes it.
func (m *RunMessage) bounded(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	m.Cut = true
	return strings.ToValidUTF8(text[:maxMessage], "")
}
