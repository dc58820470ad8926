package agents

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
)

// isLast reports whether the next answer is the model's last word, or this one was.
func (t *talk) isLast() bool { return t.brief.Stopped != "" }

// isRefusedRequest reports whether no model takes a request as it is, now or later.
func isRefusedRequest(err error) bool {
	var failure *llm.Error
	return tasks.IsPermanent(err) && errors.As(err, &failure) && (failure.Class == llm.Invalid || failure.Class == llm.TooLong)
}

// takeLast takes the last word of a model whose budget is used up. Nothing is called any more.
func (t *talk) takeLast(ctx context.Context, answer llm.Answer) error {
	switch {
	case answer.Stop == llm.Refused:
		t.endWithFound(refusalOf(answer).Error())
		return nil
	case answer.Stop == llm.Length:
		t.endWithFound(errCutOff.Error())
		return nil
	case strings.TrimSpace(answer.Text) == "" && len(answer.Calls) > 0:
		t.endWithFound(fmt.Sprintf("the model called %.64q in place of a last word", answer.Calls[0].Name))
		return nil
	case strings.TrimSpace(answer.Text) == "":
		t.endWithFound("the model's last word is empty")
		return nil
	}
	wrong, err := t.finish(ctx, answer.Text)
	if wrong != nil {
		t.endWithFound(fmt.Sprintf("the model's last word is not what the agent's definition asks for: %v", wrong))
	}
	return err
}

// endWithFound makes what was found so far the result, and marks it with why there is nothing
// better: what the model said last, or else what its tools brought.
func (t *talk) endWithFound(why string) Brief {
	t.brief.Unanswered = fmt.Sprintf("%.1000s", why)
	t.brief.Text = t.lastSaid()
	if t.brief.Text == "" {
		t.brief.Text = t.brought()
	}
	return t.brief
}

// lastSaid returns the last text of the model that says anything and is no refusal.
func (t *talk) lastSaid() string {
	for i := len(t.turns) - 1; i >= 0; i-- {
		if a := t.turns[i].Answer; a != nil && a.Stop != llm.Refused && strings.TrimSpace(a.Text) != "" {
			return a.Text
		}
	}
	return ""
}

const (
	// maxBrought bounds how many results of tools are told in place of an answer, the latest,
	// and maxBroughtSize what is told of each, in bytes.
	maxBrought     = 10
	maxBroughtSize = 500
)

// brought returns what the tools brought last, in short.
func (t *talk) brought() string {
	names := make(map[string]string)
	var all []string
	for _, turn := range t.turns {
		if turn.Answer != nil {
			for _, c := range turn.Answer.Calls {
				names[c.ID] = c.Name
			}
		}
		for _, result := range turn.Results {
			if !result.Failed {
				all = append(all, names[result.Call]+": "+cutText(withoutMarks(result.Text), maxBroughtSize))
			}
		}
	}
	return strings.Join(all[max(0, len(all)-maxBrought):], "\n\n")
}

// withoutMarks returns a text without the lines that [asData] has put around it.
func withoutMarks(text string) string {
	if _, rest, marked := strings.Cut(text, "\n"); marked && strings.HasPrefix(text, "<data ") {
		return strings.TrimSuffix(rest, "\n</data>")
	}
	return text
}
