package config

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader reads settings into a configuration by the types that they have there, and notes
// everything that is wrong with them. Files and variables are read by the same rules. A
// setting that is said to be nothing keeps the value that it has.
type reader struct {
	file string
	errs []error
}

// note notes what is wrong at a node of the file.
func (r *reader) note(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("configuration file %s:%d: %s", r.file, n.Line, fmt.Sprintf(format, args...)))
}

// read reads a node into the setting at a path such as redis.pool_size.
func (r *reader) read(n *yaml.Node, path string, to reflect.Value) {
	if n = target(n); n.Tag == "!!null" {
		return
	}
	switch {
	case to.Kind() == reflect.Pointer:
		given := reflect.New(to.Type().Elem())
		r.read(n, path, given.Elem())
		to.Set(given)
	case isFree(to.Type()):
		r.readFree(n, path, to)
	case to.Kind() == reflect.Struct && to.Type() != timeType:
		r.readFields(n, path, to)
	case to.Kind() == reflect.Map:
		r.readMap(n, path, to)
	case to.Kind() == reflect.Slice:
		r.readList(n, path, to)
	default:
		r.readScalar(n, path, to)
	}
}

// isFree reports whether a setting is passed on as it is, such as a payload.
func isFree(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Interface
}

func (r *reader) readFree(n *yaml.Node, path string, to reflect.Value) {
	if to.Kind() == reflect.Map && n.Kind != yaml.MappingNode {
		r.note(n, "%s %s: give an object, such as {user: ada}", path, shown(n))
		return
	}
	if err := n.Decode(to.Addr().Interface()); err != nil {
		r.note(n, "%s %v", path, freeError(err))
	}
}

func (r *reader) readFields(n *yaml.Node, path string, to reflect.Value) {
	known := fieldsOf(to)
	r.readPairs(n, path, "some of "+strings.Join(namesOf(known), ", "), func(key string, value *yaml.Node) {
		for _, f := range known {
			if f.name == key {
				r.read(value, join(path, key), f.value)
				return
			}
		}
		r.note(value, "%s: unknown field %.40q: use some of %s", orTop(path), key, strings.Join(namesOf(known), ", "))
	})
}

// readMap reads the entries of a map. One that is there already, by default, keeps what is
// not said of it.
func (r *reader) readMap(n *yaml.Node, path string, to reflect.Value) {
	if to.IsNil() {
		to.Set(reflect.MakeMap(to.Type()))
	}
	r.readPairs(n, path, "names, each with what it is", func(key string, value *yaml.Node) {
		name, entry := reflect.ValueOf(key).Convert(to.Type().Key()), reflect.New(to.Type().Elem()).Elem()
		if before := to.MapIndex(name); before.IsValid() {
			entry.Set(before)
		}
		r.read(value, join(path, key), entry)
		to.SetMapIndex(name, entry)
	})
}

// readPairs reads each key of a mapping, with those that it merges in.
func (r *reader) readPairs(n *yaml.Node, path, wanted string, read func(key string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.note(n, "%s %s: give a mapping of %s", orTop(path), shown(n), wanted)
		return
	}
	for _, p := range pairs(n, 0) {
		switch {
		case p.key.Kind != yaml.ScalarNode:
			r.note(p.key, "%s: %s stands where a name is wanted: give text", orTop(path), noun(p.key))
		case p.twice:
			r.note(p.key, "%s is given twice: keep one of them", join(path, p.key.Value))
		default:
			read(p.key.Value, p.value)
		}
	}
}

func (r *reader) readList(n *yaml.Node, path string, to reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.note(n, "%s %s: give a list, such as [a, b]", path, shown(n))
		return
	}
	list := reflect.MakeSlice(to.Type(), len(n.Content), len(n.Content))
	for i, one := range n.Content {
		if place := fmt.Sprintf("%s[%d]", path, i); target(one).Tag == "!!null" {
			r.note(one, "%s is empty: give a value, or leave it out", place)
		} else {
			r.read(one, place, list.Index(i))
		}
	}
	to.Set(list)
}

func (r *reader) readScalar(n *yaml.Node, path string, to reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		r.note(n, "%s %s: give %s", path, shown(n), wantedOf(to.Type()))
		return
	}
	if !setScalar(to, n.Value) {
		r.note(n, "%s%s: give %s", path, sayable(to, n.Value), wantedOf(to.Type()))
	}
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// orTop names the top of the file.
func orTop(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}
