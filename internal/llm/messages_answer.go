package llm

// answer implements [reader].
func (m *messagesReader) answer() (Answer, error) {
	u := m.usage
	a := Answer{Model: m.model, Usage: Usage{Input: int64(u.Input + u.Read + u.Written), Cached: int64(u.Read), Written: int64(u.Written)}}
	if u.Output != nil {
		a.Usage.Output = int64(*u.Output)
	}
	text := ""
	for _, b := range m.blocks {
		switch b.text("type") {
		case "text":
			text += b.text("text")
		case "tool_use":
			if len(a.Calls) == maxCalls {
				return Answer{}, &Error{Class: Broken, Err: errCalls}
			}
			a.Calls = append(a.Calls, Call{ID: b.text("id"), Name: b.text("name"), Arguments: b.arguments()})
		}
	}
	a.Text = withoutThoughts(text)
	m.request.identify(a.Calls)
	if err := a.finishMessages(m.stop); err != nil {
		return Answer{}, err
	}
	if a.Text != text || !m.isPlain() {
		a.Original = m.wire.keep(m.content(a.Calls))
	}
	return a, nil
}

// finishMessages says why an answer ended by the reason that the server gives.
func (a *Answer) finishMessages(reason string) error {
	a.Stop = Ended
	switch reason {
	case "":
		return &Error{Class: Broken, Err: errCut}
	case "max_tokens", "model_context_window_exceeded":
		a.Stop, a.Reason = Length, reason
	case "refusal":
		a.Stop, a.Reason = Refused, reason
	case "pause_turn":
		a.Stop, a.Reason = Paused, reason
	default:
		if len(a.Calls) > 0 {
			a.Stop = Calling
		}
	}
	return nil
}

// isPlain reports whether the answer is a text and calls behind it, and nothing more.
func (m *messagesReader) isPlain() bool {
	for i, b := range m.blocks {
		var known []string
		switch b.text("type") {
		case "text":
			if i > 0 {
				return false
			}
			known = []string{"type", "text"}
		case "tool_use":
			known = []string{"type", "id", "name", "input"}
		}
		if known == nil || hasMore(b.pieces.values(), known...) {
			return false
		}
	}
	return true
}

// content returns the blocks as they came. A text of nothing but space is not taken back, and
// arguments have to be an object.
func (m *messagesReader) content(calls []Call) []any {
	blocks := []any{}
	for _, b := range m.blocks {
		block := b.pieces.values()
		switch b.text("type") {
		case "text":
			if isBlank(b.text("text")) {
				continue
			}
		case "tool_use":
			call := calls[0]
			calls = calls[1:]
			block["id"], block["name"], block["input"] = encode(sendableID(call.ID)), encode(call.sendableName()), call.sendable()
		default:
			if b.input.Len() > 0 { // of a tool that the vendor itself calls
				block["input"] = Call{Arguments: b.input.String()}.sendable()
			}
		}
		blocks = append(blocks, block)
	}
	return blocks
}
