package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// fields reads an object whose members are named in errors by where the object is. The first
// error stays; what follows it reads as nothing.
type fields struct {
	where  string
	object Object
	err    error
}

func (f *fields) fail(name string, err error) {
	if f.err == nil && err != nil {
		f.err = fmt.Errorf("%s %w", f.where+name, err)
	}
}

func (f *fields) text(name string) string {
	raw := f.object.Get(name)
	if raw == nil {
		return ""
	}
	text, err := unquote(raw)
	f.fail(name, err)
	return text
}

func (f *fields) whole(name string) *int {
	raw := f.object.Get(name)
	if raw == nil {
		return nil
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 0 {
		f.fail(name, fmt.Errorf("is %s: send a whole number that is not negative", show(raw)))
		return nil
	}
	return &n
}

func (f *fields) flag(name string) bool {
	switch raw := f.object.Get(name); string(raw) {
	case "true":
		return true
	case "", "false":
	default:
		f.fail(name, fmt.Errorf("is %s: send true or false", show(raw)))
	}
	return false
}

func (f *fields) moment(name string, now time.Time, utc bool) time.Time {
	at, err := moment(f.object.Get(name), now, utc)
	f.fail(name, err)
	return at
}

func (f *fields) limits(name string) (hard, soft time.Duration) {
	raw := f.object.Get(name)
	if raw == nil {
		return 0, 0
	}
	pair, err := elements(raw)
	if err == nil && len(pair) != 2 {
		err = fmt.Errorf("is %s: send [hard, soft]", show(raw))
	}
	if err == nil {
		hard, err = limit(pair[0])
	}
	if err == nil {
		soft, err = limit(pair[1])
	}
	f.fail(name, err)
	return hard, soft
}

func (f *fields) list(name string) []json.RawMessage {
	raw := f.object.Get(name)
	if raw == nil {
		return nil
	}
	values, err := elements(raw)
	f.fail(name, err)
	return values
}

// mapping returns the member as it is written, which has to be an object; {} for none.
func (f *fields) mapping(name string) json.RawMessage {
	raw := f.object.Get(name)
	if raw == nil {
		return json.RawMessage("{}")
	}
	if raw[0] != '{' {
		f.fail(name, fmt.Errorf("is %s: send an object", show(raw)))
	}
	return raw
}

func (f *fields) signatures(name string) []Signature {
	values := f.list(name)
	if values == nil {
		return nil
	}
	sigs := make([]Signature, 0, len(values))
	for i, value := range values {
		sig, err := signature(value, fmt.Sprintf("%s%s[%d]", f.where, name, i))
		f.keep(err)
		sigs = append(sigs, sig)
	}
	return sigs
}

func (f *fields) signature(name string) *Signature {
	raw := f.object.Get(name)
	if raw == nil {
		return nil
	}
	sig, err := signature(raw, f.where+name)
	f.keep(err)
	return &sig
}

// keep keeps an error that already names its place.
func (f *fields) keep(err error) {
	if f.err == nil {
		f.err = err
	}
}

// refusal returns the first error as a refusal, by default one of an invalid task.
func (f *fields) refusal() error {
	if r := (*refusal)(nil); f.err == nil || errors.As(f.err, &r) {
		return f.err
	}
	return refuse(InvalidTaskError, "%w", f.err)
}
