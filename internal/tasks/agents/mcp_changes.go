package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// refresh has the model know from now on what servers say of their tools by now, if they have
// changed since they were described. What has changed is a step of the journal. A server that
// cannot be asked is left alone: the next call of its tools tells.
func (t *talk) refresh(ctx context.Context) error {
	stale := make(map[*host]bool)
	var tools []Tool
	for _, tool := range t.tools {
		remote, ok := tool.(remoteTool)
		if !ok {
			tools = append(tools, tool)
			continue
		}
		if _, known := stale[remote.host]; !known {
			stale[remote.host] = remote.host.changed.Load()
		}
		var err error
		if remote.described, err = t.redescribed(ctx, remote, stale); err != nil {
			return err
		}
		if !remote.Gone {
			tools = append(tools, remote)
		}
	}
	t.tools = tools
	return nil
}

// redescribed returns what is known of a tool after the calls of an answer: what an earlier attempt
// has written down, or what its server says if it is stale.
func (t *talk) redescribed(ctx context.Context, tool remoteTool, stale map[*host]bool) (described, error) {
	now, step := tool.described, stepName(fmt.Sprintf("describe %s after %d", tool.listed, t.asked))
	if written, ok := t.writtenBefore()[step]; ok {
		err := json.Unmarshal(written, &now)
		return now, err
	}
	if !stale[tool.host] {
		return now, nil
	}
	asked, err := tool.ask(ctx)
	var missing *missingError
	switch {
	case errors.As(err, &missing):
		asked = described{Tool: now.Tool, Gone: true}
	case err != nil:
		stale[tool.host] = false
		return now, nil //nolint:nilerr // it is left alone
	}
	if reflect.DeepEqual(asked, now) {
		return now, nil
	}
	raw, err := t.run.Journal.Do(ctx, step, false, func(context.Context) (json.RawMessage, error) { return json.Marshal(asked) })
	if err != nil {
		return now, err
	}
	err = json.Unmarshal(raw, &asked)
	return asked, err
}

// writtenBefore returns the results of the steps that earlier attempts have finished.
func (t *talk) writtenBefore() map[string]json.RawMessage {
	if t.before == nil {
		t.before = make(map[string]json.RawMessage)
		for _, s := range t.run.Journal.Finished() {
			t.before[s.Name] = s.Result
		}
	}
	return t.before
}
