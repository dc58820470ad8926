package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// taken says for each format which fields of a request are made here, and by which field of
// the definition, or "" if that has none for them.
var taken = map[string]map[string]string{
	Chat: {
		"messages": "", "tools": "", "tool_choice": "", "functions": "", "function_call": "", "stream": "", "stream_options": "", "n": "", "response_format": "",
		"model": "model", "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "temperature": "temperature", "reasoning_effort": "reasoning_effort",
	},
	Responses: {
		"input": "", "instructions": "", "tools": "", "tool_choice": "", "stream": "", "store": "", "include": "", "background": "", "previous_response_id": "", "conversation": "", "prompt": "",
		"text.format": "", "model": "model", "max_output_tokens": "max_tokens", "temperature": "temperature", "reasoning.effort": "reasoning_effort",
	},
	Messages: {
		"messages": "", "system": "", "tools": "", "tool_choice": "", "stream": "",
		"output_config.format": "", "model": "model", "max_tokens": "max_tokens", "temperature": "temperature", "output_config.effort": "reasoning_effort",
	},
}

// checkParameters reports what is wrong with what a definition passes through. Some servers
// read names in any case.
func (d Definition) checkParameters() error {
	for _, name := range slices.Sorted(maps.Keys(d.Parameters)) {
		value := d.Parameters[name]
		if err := d.checkTaken(name); err != nil {
			return err
		}
		inner, isObject := value.(object)
		for path := range taken[d.API] {
			outer, _, nested := strings.Cut(path, ".")
			if nested && strings.EqualFold(outer, name) && (!isObject || outer != name) {
				return fmt.Errorf("parameters.%s: a part of it is made here: give an object under the name %s", name, outer)
			}
		}
		for part := range inner {
			if err := d.checkTaken(name + "." + part); err != nil {
				return err
			}
		}
		if _, err := json.Marshal(value); err != nil {
			return fmt.Errorf("parameters.%s: it cannot be written as JSON: %w", name, err)
		}
	}
	return nil
}

func (d Definition) checkTaken(path string) error {
	for own, by := range taken[d.API] {
		switch {
		case !strings.EqualFold(own, path):
		case by == "":
			return fmt.Errorf("parameters.%s: it is the request's own: leave it out", path)
		default:
			return fmt.Errorf("parameters.%s: it is set by %s of the model: give that", path, by)
		}
	}
	return nil
}

// checkTuning reports what is wrong with how the model is to answer.
func (d Definition) checkTuning() error {
	if t := d.Temperature; t != nil && (*t < 0 || math.IsNaN(*t) || math.IsInf(*t, 0)) {
		return fmt.Errorf("temperature is %g: use 0 or more", *t)
	}
	switch {
	case d.PromptCache == "":
	case d.API != Messages:
		return fmt.Errorf("prompt_cache is given to %s: only %s has marks for it, the others cache by themselves", d.API, Messages)
	case d.PromptCache != "5m" && d.PromptCache != "1h":
		return fmt.Errorf("prompt_cache is %q: use 5m or 1h", d.PromptCache)
	}
	return errors.Join(d.checkHeaders(), d.checkParameters())
}

// with returns the body of a request with what the definition passes through. Objects that
// both have are joined.
func (d Definition) with(body object) object {
	if d.Temperature != nil {
		body["temperature"] = *d.Temperature
	}
	for name, value := range d.Parameters {
		ours, has := body[name].(object)
		theirs, isObject := value.(object)
		if !has || !isObject {
			body[name] = value
			continue
		}
		for part, v := range theirs {
			ours[part] = v
		}
	}
	return body
}
