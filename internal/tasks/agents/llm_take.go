package agents

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
)

// maxWrong is how often a model may answer again whose answer could not be taken.
const maxWrong = 2

// take takes an answer of the model: it calls the tools, has the model say something else, or
// ends the run with what the model has said. What becomes of a last word that cannot be taken,
// [talk.endWithFound] says.
func (t *talk) take(ctx context.Context, answer llm.Answer) (ended bool, err error) {
	calls := len(answer.Calls) > 0
	if t.isLast() {
		return true, t.takeLast(ctx, answer)
	}
	switch {
	case answer.Stop == llm.Refused:
		return false, tasks.Permanent(refusalOf(answer))
	case answer.Stop == llm.Length && calls:
		return false, t.again(errCutOff, func() { t.turns = append(t.turns, llm.Turn{Results: notCalled(answer.Calls)}) })
	case answer.Stop == llm.Length:
		return false, tasks.Permanent(errCutOff)
	case answer.Stop == llm.Paused && !calls:
		return false, nil // it goes on when it is asked again, as often as the budget allows
	case calls:
		t.silent = false
		return false, t.call(ctx, answer.Calls)
	case answer.Empty():
		return false, t.breakSilence()
	}
	wrong, err := t.finish(ctx, answer.Text)
	if wrong == nil || err != nil {
		return err == nil, err
	}
	t.silent = false
	return false, t.again(fmt.Errorf("the model's answer is not what the agent's definition asks for: %w", wrong), func() {
		t.say(fmt.Sprintf("Your answer cannot be taken: %s. Answer again, with nothing but JSON that follows the schema.", wrong))
	})
}

// again has the model answer again, by what say adds to the conversation, unless it has done
// so too often.
func (t *talk) again(wrong error, say func()) error {
	if t.wrong++; t.wrong > maxWrong {
		return tasks.Permanent(wrong)
	}
	say()
	return nil
}

// errCutOff is the error of an answer that was cut off at its bound.
var errCutOff = errors.New("the model's answer was cut off at its bound: raise max_tokens of the model, or ask for less")

// refusalOf is the error of an answer in which the model, or a filter, refuses to give one.
func refusalOf(answer llm.Answer) error {
	if strings.TrimSpace(answer.Text) == "" {
		return fmt.Errorf("the model refuses, and does not say why (%s)", answer.Reason)
	}
	return fmt.Errorf("the model refuses: %.300q", answer.Text)
}

// notCalled are the results of calls of an answer that was cut off: what else it was about to
// say, nobody knows.
func notCalled(calls []llm.Call) []llm.Result {
	var results []llm.Result
	for _, c := range calls {
		results = append(results, llm.Result{
			Call: c.ID, Failed: true, Text: "not called: your answer was cut off at its bound before it was complete. Answer again, and more briefly",
		})
	}
	return results
}

// breakSilence asks a model once more that has answered with nothing.
func (t *talk) breakSilence() error {
	if t.silent {
		return tasks.Permanent(errors.New("the model has answered twice with neither text nor calls: look at its instructions and at what its server supports"))
	}
	t.silent = true
	t.say("You have answered with nothing. Give your final answer now, as text.")
	return nil
}
