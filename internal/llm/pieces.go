package llm

import (
	"bytes"
	"encoding/json"
	"strings"
)

// pieces is a JSON value that comes in pieces: texts grow, lists get longer, objects are
// joined by their fields. It knows no names but those of parts that are repeated and do not
// grow, so that nothing is lost which only its vendor understands.
type pieces struct {
	text   *strings.Builder
	list   []*pieces
	fields map[string]*pieces
	other  json.RawMessage // the latest number, boolean or null, or what lies too deep
}

// deepest is how many levels of a value are joined.
const deepest = 6

// fixed are the fields that say what a part is: a later piece repeats them.
var fixed = map[string]bool{"id": true, "type": true, "index": true, "role": true, "format": true, "name": true}

// add joins a piece to the value. Null adds nothing to what is there.
func (p *pieces) add(piece json.RawMessage) { p.join(piece, false, 0) }

func (p *pieces) join(piece json.RawMessage, replace bool, depth int) {
	var (
		text   string
		list   []json.RawMessage
		object fields
	)
	trimmed := bytes.TrimSpace(piece)
	switch {
	case len(trimmed) == 0 || string(trimmed) == "null" && p.is():
	case trimmed[0] == '"' && json.Unmarshal(trimmed, &text) == nil:
		if p.text == nil || replace && text != "" {
			p.text = &strings.Builder{}
		}
		p.text.WriteString(text)
	case trimmed[0] == '[' && depth < deepest && json.Unmarshal(trimmed, &list) == nil:
		if p.list == nil {
			p.list = []*pieces{}
		}
		for _, part := range list {
			p.part(part).join(part, false, depth+1)
		}
	case trimmed[0] == '{' && depth < deepest && json.Unmarshal(trimmed, &object) == nil:
		if p.fields == nil {
			p.fields = make(map[string]*pieces)
		}
		for name, value := range object {
			p.field(name).join(value, fixed[name], depth+1)
		}
	default:
		p.other = bytes.Clone(trimmed)
	}
}

// is reports whether there is anything yet.
func (p *pieces) is() bool {
	return p.text != nil || p.list != nil || p.fields != nil || p.other != nil
}

func (p *pieces) field(name string) *pieces {
	if p.fields == nil {
		p.fields = make(map[string]*pieces)
	}
	if p.fields[name] == nil {
		p.fields[name] = &pieces{}
	}
	return p.fields[name]
}

// part returns the part of the list that a piece belongs to: the last, if both have the same
// index and type, or a new one.
func (p *pieces) part(piece json.RawMessage) *pieces {
	var its struct {
		Index json.RawMessage `json:"index"`
		Type  json.RawMessage `json:"type"`
	}
	if n := len(p.list); n > 0 && json.Unmarshal(piece, &its) == nil && len(its.Index) > 0 {
		last := p.list[n-1].fields
		if same(last["index"], its.Index) && (len(its.Type) == 0 || same(last["type"], its.Type)) {
			return p.list[n-1]
		}
	}
	p.list = append(p.list, &pieces{})
	return p.list[len(p.list)-1]
}

func same(p *pieces, value json.RawMessage) bool {
	return p != nil && bytes.Equal(p.value(), bytes.TrimSpace(value))
}

// value returns the value as JSON, null if there is none.
func (p *pieces) value() json.RawMessage {
	switch {
	case p.text != nil:
		return encode(p.text.String())
	case p.list != nil:
		list := make([]json.RawMessage, len(p.list))
		for i, part := range p.list {
			list[i] = part.value()
		}
		return encode(list)
	case p.fields != nil:
		return encode(p.values())
	case p.other != nil:
		return p.other
	}
	return json.RawMessage("null")
}

// values returns the fields of an object.
func (p *pieces) values() fields {
	all := make(fields, len(p.fields))
	for name, value := range p.fields {
		all[name] = value.value()
	}
	return all
}
