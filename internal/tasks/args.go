package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// MaxKind is the longest kind accepted, in bytes. Kinds become Redis hash fields,
// metric labels and log fields, none of which wants an unbounded name.
const MaxKind = 100

// DefaultMaxPayload is the largest payload accepted unless configured otherwise, in
// bytes (1 MiB). A payload is read by every command that touches its task.
const DefaultMaxPayload = 1 << 20

// Args are the typed arguments of one task. Kind must not depend on a nil receiver's
// fields. Args that also implement [Validator] are validated before they are sent and
// again before they are handled.
type Args interface {
	Kind() string
}

// Validator is implemented by args with rules JSON cannot express. The error should
// name the field, the value and what would be right.
type Validator interface {
	Validate() error
}

// Raw is a task whose payload is already JSON: what a command line, an HTTP request or
// a schedule entry holds. Its payload is checked against its kind like any other.
type Raw struct {
	Name    string
	Payload json.RawMessage
}

// Kind implements [Args].
func (r Raw) Kind() string { return r.Name }

// MarshalJSON implements [json.Marshaler]. An empty payload is an empty object.
func (r Raw) MarshalJSON() ([]byte, error) {
	if len(bytes.TrimSpace(r.Payload)) == 0 {
		return []byte("{}"), nil
	}
	return r.Payload, nil
}

var kindPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// CheckKind reports why kind cannot name a task: it is empty, longer than [MaxKind],
// or has characters other than lower-case letters, digits and underscores.
func CheckKind(kind string) error {
	switch {
	case kind == "":
		return errors.New("kind is empty: give a name such as agent_scout")
	case len(kind) > MaxKind:
		return fmt.Errorf("kind %.20q… has %d bytes: at most %d are allowed", kind, len(kind), MaxKind)
	case !kindPattern.MatchString(kind):
		return fmt.Errorf("kind %q: use lower-case letters, digits and underscores, starting with a letter", kind)
	}
	return nil
}

// Encode returns the JSON payload of args, validated if args is a [Validator].
func Encode(args Args) ([]byte, error) {
	if v, ok := args.(Validator); ok {
		if err := v.Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", args.Kind(), err)
		}
	}
	payload, err := json.Marshal(args)
	if own, ok := errors.AsType[*json.MarshalerError](err); ok {
		err = own.Err // without the type, which is ours
	}
	if err != nil {
		return nil, fmt.Errorf("%s: payload is not JSON: %w", args.Kind(), err)
	}
	return payload, nil
}

// Decode reads a payload into args of type A. It refuses anything but one JSON object,
// fields A does not have, and args that do not validate. An empty payload is read as
// an empty object, as producers in other languages send it.
func Decode[A any](payload []byte) (A, error) {
	var args A
	if len(bytes.TrimSpace(payload)) == 0 {
		payload = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&args); err != nil {
		return args, decodeError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return args, errors.New("payload: data follows the JSON object: send one object")
	}
	if v, ok := any(args).(Validator); ok {
		if err := v.Validate(); err != nil {
			return args, err
		}
	}
	return args, nil
}

// jsonType is what a Go type is in JSON.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonType(t.Elem())
	case reflect.Bool:
		return "bool"
	case reflect.String:
		return "string"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map, reflect.Interface:
		return "object"
	}
	return "number"
}

// decodeError says what is wrong with a payload in words a producer can act on.
func decodeError(err error) error {
	var typed *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &typed):
		field := typed.Field
		if field == "" {
			return fmt.Errorf("payload is a JSON %s: send an object", typed.Value)
		}
		return Field(field, "field %q is a %s: it must be a %s", field, typed.Value, jsonType(typed.Type))
	case errors.As(err, &syntax):
		return fmt.Errorf("payload is not JSON: %w at byte %d", syntax, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("payload is not JSON: it ends too early")
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Field(strings.Trim(field, `"`), "unknown field %s: remove it or check its spelling", field)
	}
	if bad := new(time.ParseError); errors.As(err, &bad) {
		return fmt.Errorf("payload: %q is no time: give one such as 2030-06-01T09:00:00Z", bad.Value)
	}
	return fmt.Errorf("payload: %w", err)
}
