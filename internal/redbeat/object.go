package redbeat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object whose numbers keep their digits.
type object map[string]any

// decodeObject reads the JSON object that text is.
func decodeObject(text string) (object, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has more after its JSON value")
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("is %s and not an object", show(value))
	}
	return members, nil
}

// encode returns a value as JSON, with the members of objects in order.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// kind returns the type that RedBeat's encoder marked an object with, "" for none.
func (o object) kind() string {
	kind, _ := o["__type__"].(string)
	return kind
}

// text returns the string that a member is.
func (o object) text(name string) (string, error) {
	value, ok := o[name].(string)
	if !ok {
		return "", fmt.Errorf("%s is %s: it has to be a string", name, o.show(name))
	}
	return value, nil
}

// flag returns the boolean that a member is, or missing if it is not there.
func (o object) flag(name string, missing bool) (bool, error) {
	value, there := o[name]
	if !there {
		return missing, nil
	}
	set, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("%s is %s: it has to be true or false", name, show(value))
	}
	return set, nil
}

// list returns the array that a member is, nil for null and what is not there.
func (o object) list(name string) ([]any, error) {
	items, ok := o[name].([]any)
	if !ok && o[name] != nil {
		return nil, fmt.Errorf("%s is %s: it has to be a list", name, o.show(name))
	}
	return items, nil
}

// members returns the object that a member is, empty for null and what is not there.
func (o object) members(name string) (object, error) {
	members, ok := o[name].(map[string]any)
	if !ok && o[name] != nil {
		return nil, fmt.Errorf("%s is %s: it has to be an object", name, o.show(name))
	}
	return members, nil
}

// whole returns the whole number that a member is.
func (o object) whole(name string) (int, error) {
	n, ok := whole(o[name])
	if !ok {
		return 0, fmt.Errorf("%s is %s: it has to be a whole number", name, o.show(name))
	}
	return n, nil
}

// only reports the first member, in order of their names, that is not one of names. What it
// would mean is not known, and so not what the entry is without it.
func (o object) only(names ...string) error {
	for _, name := range o.names() {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s is not known: remove it, or make the entry by hand", show(name))
		}
	}
	return nil
}

// names returns the names of the members, in order.
func (o object) names() []string {
	return slices.Sorted(maps.Keys(o))
}

func (o object) show(name string) string {
	value, there := o[name]
	if !there {
		return "missing"
	}
	return show(value)
}

// whole returns the whole number that a value is.
func whole(value any) (n int, ok bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number.String())
	return n, err == nil
}

// maxShown bounds a value quoted in a message, in bytes.
const maxShown = 60

// show quotes a value for a message, shortened.
func show(value any) string {
	raw, err := encode(value)
	if err != nil {
		return "unreadable"
	}
	if len(raw) > maxShown {
		return strings.ToValidUTF8(string(raw[:maxShown]), "") + "…"
	}
	return string(raw)
}
