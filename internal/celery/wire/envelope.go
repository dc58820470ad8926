package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// envelope is a message of kombu's with its body still closed.
type envelope struct {
	headers, properties, delivery Object
	contentType                   string
	body                          string
}

// open reads the outside of a message.
func open(raw []byte) (envelope, error) {
	var e envelope
	if err := valid(raw); err != nil {
		return e, refuse(DecodeError, "the message %w", err)
	}
	object, err := members(raw)
	if err != nil {
		return e, refuse(DecodeError, "the message %w", err)
	}
	f := fields{object: object}
	e.headers = f.nestedObject("headers")
	e.properties = f.nestedObject("properties")
	p := fields{where: "properties.", object: e.properties}
	e.delivery = p.nestedObject("delivery_info")
	e.contentType, e.body = f.text("content-type"), f.text("body")
	if f.keep(p.err); f.err != nil {
		return e, refuse(DecodeError, "%w", f.err)
	}
	return e, nil
}

// content opens the body: base64, compression, JSON, in that order.
func (e envelope) content(limit int) (json.RawMessage, error) {
	if e.contentType != "application/json" {
		return nil, refuse(ContentDisallowed, "content-type is %q: send application/json, nothing else is read", e.contentType)
	}
	body := []byte(e.body)
	p := fields{where: "properties.", object: e.properties}
	h := fields{where: "headers.", object: e.headers}
	switch encoding, compression := p.text("body_encoding"), h.text("compression"); {
	case p.err != nil || h.err != nil:
		p.keep(h.err)
		return nil, refuse(DecodeError, "%w", p.err)
	case encoding == "base64":
		var err error
		if body, err = base64.StdEncoding.DecodeString(strings.TrimSpace(e.body)); err != nil {
			return nil, refuse(DecodeError, "body is not base64, as properties.body_encoding says: %w", err)
		}
		fallthrough
	case encoding == "":
		var err error
		if body, err = inflate(body, compression, limit); err != nil {
			return nil, err
		}
	default:
		return nil, refuse(DecodeError, "properties.body_encoding is %q: send base64 or none", encoding)
	}
	if len(body) > limit {
		return nil, refuse(ValueError, "the body is larger than %d bytes: send a reference to what is large", limit)
	}
	if err := valid(body); err != nil {
		return nil, refuse(DecodeError, "the body %w", err)
	}
	return bytes.TrimSpace(body), nil
}

// nestedObject returns a member that is an object, empty for none.
func (f *fields) nestedObject(name string) Object {
	object, err := members(f.mapping(name))
	if f.err == nil {
		f.fail(name, err)
	}
	return object
}

// priority is read as kombu reads it: what is no number is 0.
func (e envelope) priority() int {
	var n float64
	if json.Unmarshal(e.properties.Get("priority"), &n) != nil || n < 0 || n > 255 {
		return 0
	}
	return int(n)
}

// learn says what can be known of a message that is refused.
func (e envelope) learn(f *fields, err error) error {
	r := &refusal{InvalidTaskError, err.Error()}
	errors.As(err, &r)
	p := fields{object: e.properties}
	return &Refused{
		ID: f.text("id"), Task: f.text("task"), ReplyTo: p.text("reply_to"), IgnoreResult: f.flag("ignore_result"),
		Exception: r.exception, Reason: r.reason,
	}
}
