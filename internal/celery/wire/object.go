package wire

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Member is one member of an object: its name, and its value as it was written.
type Member struct {
	Name  string
	Value json.RawMessage
}

// Object is a JSON object in the order in which it was written. Of names that come twice it
// has the last value in the place of the first, as Python's dict does.
type Object []Member

// Members returns the members of the object raw. The error says that raw is none, or that a
// name is no Unicode text.
func Members(raw json.RawMessage) (Object, error) {
	if err := valid(raw); err != nil {
		return nil, err
	}
	return members(raw)
}

// members is [Members] of what is known to be valid.
func members(raw json.RawMessage) (Object, error) {
	s := scanner{data: raw}
	if s.space(); s.pos >= len(raw) || raw[s.pos] != '{' {
		return nil, fmt.Errorf("is %s: send an object", show(raw))
	}
	object := Object{}
	places := make(map[string]int)
	err := s.nested('}', func(key, value []byte) error {
		name, err := unquote(key)
		if err != nil {
			return fmt.Errorf("has the name %s, which %w", show(key), err)
		}
		at, twice := places[name]
		if !twice {
			at = len(object)
			places[name] = at
			object = append(object, Member{Name: name})
		}
		object[at].Value = value
		return nil
	}, true)
	return object, err
}

// elements returns the values of the array raw, which is known to be valid.
func elements(raw json.RawMessage) ([]json.RawMessage, error) {
	s := scanner{data: raw}
	if s.space(); s.pos >= len(raw) || raw[s.pos] != '[' {
		return nil, fmt.Errorf("is %s: send a list", show(raw))
	}
	values := []json.RawMessage{}
	err := s.nested(']', func(_, value []byte) error {
		values = append(values, value)
		return nil
	}, false)
	return values, err
}

// Get returns the value of name, or nil where there is none or it is null.
func (o Object) Get(name string) json.RawMessage {
	for _, m := range o {
		if m.Name == name && string(m.Value) != "null" {
			return m.Value
		}
	}
	return nil
}

// Has says whether name is there, null or not.
func (o Object) Has(name string) bool {
	return slices.ContainsFunc(o, func(m Member) bool { return m.Name == name })
}

// with returns o with name set to value. o stays as it is.
func (o Object) with(name string, value json.RawMessage) Object {
	at := slices.IndexFunc(o, func(m Member) bool { return m.Name == name })
	if at < 0 {
		return append(slices.Clip(o), Member{Name: name, Value: value})
	}
	o = slices.Clone(o)
	o[at].Value = value
	return o
}

// without returns o without names. o stays as it is.
func (o Object) without(names ...string) Object {
	return slices.DeleteFunc(slices.Clone(o), func(m Member) bool { return slices.Contains(names, m.Name) })
}

// unquote returns the text that raw is.
func unquote(raw []byte) (string, error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", fmt.Errorf("is %s: send a text", show(raw))
	}
	if loneSurrogate(raw) {
		return "", fmt.Errorf("has half of a surrogate pair: send Unicode text")
	}
	return text, nil
}

// loneSurrogate says whether a text in raw has an escape that is half of a surrogate pair.
func loneSurrogate(raw []byte) bool {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if i++; raw[i] != 'u' {
			continue
		}
		r := escaped(raw, i-1)
		if !utf16.IsSurrogate(r) {
			continue
		}
		if utf16.DecodeRune(r, escaped(raw, i+5)) == utf8.RuneError {
			return true
		}
		i += 10
	}
	return false
}

// escaped returns the code unit of the escape \uXXXX at raw[i], or 0.
func escaped(raw []byte, i int) rune {
	var r rune
	if i+6 > len(raw) || raw[i] != '\\' || raw[i+1] != 'u' {
		return 0
	}
	for _, c := range raw[i+2 : i+6] {
		r = r<<4 | rune(strings.IndexByte("0123456789abcdef", c|0x20))
	}
	return r
}

// show returns raw for an error: not more than fits on a line.
func show(raw []byte) string {
	const most = 60
	if len(raw) == 0 {
		return "missing"
	}
	if len(raw) > most {
		return strings.ToValidUTF8(string(raw[:most]), "") + "..."
	}
	return string(raw)
}
