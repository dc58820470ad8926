package llm

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// messagesReader reads an answer of messages.
type messagesReader struct {
	wire    wire
	request Request
	teller  teller
	model   string
	usage   messagesUsage
	stop    string
	blocks  []*messagesBlock
}

// messagesUsage is what messages say of tokens. A later part of an answer says it again.
type messagesUsage struct {
	Input   tokens  `json:"input_tokens"`
	Read    tokens  `json:"cache_read_input_tokens"`
	Written tokens  `json:"cache_creation_input_tokens"`
	Output  *tokens `json:"output_tokens"`
}

// messagesBlock is a block of which pieces have come.
type messagesBlock struct {
	index  int
	pieces pieces
	// input is what has come of a call's arguments, given those that stood at its begin.
	input strings.Builder
	given json.RawMessage
}

// messagesEvent is an event of a stream.
type messagesEvent struct {
	Type    string          `json:"type"`
	Index   int             `json:"index"`
	Message json.RawMessage `json:"message"`
	Block   json.RawMessage `json:"content_block"`
	Delta   fields          `json:"delta"`
	Usage   json.RawMessage `json:"usage"`
	Error   json.RawMessage `json:"error"`
}

// messagesWhole is an answer in one piece.
type messagesWhole struct {
	Model   string            `json:"model"`
	Stop    string            `json:"stop_reason"`
	Content []json.RawMessage `json:"content"`
	Usage   json.RawMessage   `json:"usage"`
	Error   json.RawMessage   `json:"error"`
}

// event implements [reader].
func (m *messagesReader) event(e event) (last bool, err error) {
	var in messagesEvent
	if err := json.Unmarshal(e.data, &in); err != nil {
		return false, err
	}
	if !isNothing(in.Error) {
		return false, brokenOff(e.data)
	}
	switch in.Type {
	case "message_start":
		var begin messagesWhole
		if err := json.Unmarshal(in.Message, &begin); err != nil {
			return false, err
		}
		return false, m.take(begin)
	case "content_block_start":
		return false, m.begin(in.Index, in.Block)
	case "content_block_delta":
		return false, m.grow(in.Index, in.Delta)
	case "message_delta":
		m.stop = textOf(in.Delta["stop_reason"])
		return false, m.count(in.Usage)
	case "message_stop":
		return true, nil
	}
	return false, nil
}

// whole implements [reader].
func (m *messagesReader) whole(body []byte) error {
	var all messagesWhole
	if err := json.Unmarshal(body, &all); err != nil {
		return err
	}
	if !isNothing(all.Error) {
		return brokenOff(body)
	}
	if all.Stop == "" {
		return errors.New("it has no stop_reason")
	}
	m.stop = all.Stop
	return m.take(all)
}

// take takes what stands at the begin of an answer, or all of it.
func (m *messagesReader) take(all messagesWhole) error {
	m.model = all.Model
	for i, block := range all.Content {
		if err := m.begin(i, block); err != nil {
			return err
		}
	}
	return m.count(all.Usage)
}

func (m *messagesReader) count(usage json.RawMessage) error {
	if isNothing(usage) {
		return nil
	}
	var now messagesUsage
	if err := json.Unmarshal(usage, &now); err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	u := &m.usage
	u.Input, u.Read, u.Written = cmp.Or(now.Input, u.Input), cmp.Or(now.Read, u.Read), cmp.Or(now.Written, u.Written)
	u.Output = cmp.Or(now.Output, u.Output)
	return nil
}

// begin takes the begin of a block, or all of it.
func (m *messagesReader) begin(index int, block json.RawMessage) error {
	if len(m.blocks) == maxBlocks {
		return &Error{Class: Broken, Err: fmt.Errorf("the answer has more than %d blocks", maxBlocks)}
	}
	var all fields
	if json.Unmarshal(block, &all) != nil || all == nil {
		return errors.New("content has a block that is no object")
	}
	b := &messagesBlock{index: index, given: all["input"]}
	b.pieces.add(block)
	m.blocks = append(m.blocks, b)
	m.teller.say(b.text("text"))
	return nil
}

// maxBlocks bounds the blocks of an answer.
const maxBlocks = 10 * maxCalls

// grow takes a piece of a block: the latest that has its index.
func (m *messagesReader) grow(index int, delta fields) error {
	for i := len(m.blocks) - 1; i >= 0; i-- {
		if m.blocks[i].index != index {
			continue
		}
		for name, value := range delta {
			switch name {
			case "type":
			case "partial_json":
				m.blocks[i].input.WriteString(textOf(value))
			case "citation":
				m.blocks[i].pieces.field("citations").add(encode([]json.RawMessage{value}))
			default:
				m.blocks[i].pieces.field(name).add(value)
			}
		}
		m.teller.say(textOf(delta["text"]))
		return nil
	}
	return fmt.Errorf("there is a piece of block %d, which has not begun", index)
}

// text returns a field of the block that is a text.
func (b *messagesBlock) text(name string) string {
	if p := b.pieces.fields[name]; p != nil && p.text != nil {
		return p.text.String()
	}
	return ""
}

// arguments returns the arguments of a call as they came: in pieces, or with its begin.
func (b *messagesBlock) arguments() string {
	if b.input.Len() > 0 {
		return b.input.String()
	}
	return string(b.given)
}
