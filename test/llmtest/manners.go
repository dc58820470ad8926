package llmtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"switchyard/internal/llm"
)

// past is what a request tells of the conversation so far, as far as vendors check it.
type past struct {
	calls   []pastCall
	results []string // IDs
	// thoughts are all opaque things in the request, by what stands beside them: the ID of a
	// call, or a text.
	thoughts map[string][]string
	texts    []string // of the model
}

// pastCall is a call that the model has made.
type pastCall struct{ id, name, arguments string }

// think notes a thought that stands beside something in the request.
func (p *past) think(beside, thought string) {
	if p.thoughts == nil {
		p.thoughts = make(map[string][]string)
	}
	p.thoughts[beside] = append(p.thoughts[beside], thought)
}

// goodName is what vendors take as the name of a tool.
var goodName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// check refuses a request as vendors do.
func (s *Server) check(ask Ask) error {
	if err := ask.past.check(); err != nil {
		return err
	}
	switch {
	case len(ask.past.calls) > 0 && len(ask.Tools) == 0:
		return errors.New("tools have to be declared when the conversation has calls")
	case ask.ToolChoice != "" && len(ask.Tools) == 0:
		return errors.New("tool_choice is only allowed when tools are declared")
	case ask.ToolChoice == "none" && s.RefuseNone:
		return errors.New("tool_choice none is not supported")
	}
	return s.checkThoughts(ask)
}

// check checks the calls of the conversation.
func (p past) check() error {
	seen := make(map[string]bool)
	for _, c := range p.calls {
		var object map[string]json.RawMessage
		switch {
		case c.id == "" || seen[c.id]:
			return fmt.Errorf("the ID %q of a call is empty or not unique", c.id)
		case !goodName.MatchString(c.name):
			return fmt.Errorf("the name %q of a tool does not match %s", c.name, goodName)
		case json.Unmarshal([]byte(c.arguments), &object) != nil:
			return fmt.Errorf("the arguments %q of a call are no object", c.arguments)
		}
		seen[c.id] = true
	}
	for _, id := range p.results {
		if !seen[id] {
			return fmt.Errorf("there is no call %q for a result", id)
		}
		delete(seen, id)
	}
	if len(seen) > 0 {
		return fmt.Errorf("the calls %q have no results", slices.Sorted(maps.Keys(seen)))
	}
	return nil
}

// checkThoughts refuses a conversation that lacks a thought which was given in this format, or
// has one which was not.
func (s *Server) checkThoughts(ask Ask) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	beside := slices.Clone(ask.past.texts)
	for _, c := range ask.past.calls {
		beside = append(beside, c.id)
	}
	for _, what := range beside {
		if thought, given := s.given[ask.API+" "+what]; given && !slices.Contains(ask.past.thoughts[what], thought) {
			return fmt.Errorf("the thought that was given with %q is missing", what)
		}
	}
	for what, thoughts := range ask.past.thoughts {
		for _, thought := range thoughts {
			if !s.hasGiven(ask.API, thought) {
				return fmt.Errorf("the thought %q beside %q was not given here", thought, what)
			}
		}
	}
	return nil
}

func (s *Server) hasGiven(api, thought string) bool {
	for beside, given := range s.given {
		if given == thought && strings.HasPrefix(beside, api+" ") {
			return true
		}
	}
	return false
}

// give notes the thoughts of a reply.
func (s *Server) give(api string, r Reply) {
	if r.Thought == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range r.Calls {
		s.given[api+" "+c.ID] = r.Thought
	}
	if len(r.Calls) == 0 {
		s.given[api+" "+r.Text] = r.Thought
	}
}

// whole writes an answer in one piece, by format.
var whole = map[string]func(Reply) []byte{llm.Chat: wholeChat, llm.Responses: wholeResponses, llm.Messages: wholeMessages}

func encode(v any) []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // of strings and numbers
	}
	return text.Bytes()
}
