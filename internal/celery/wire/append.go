package wire

import (
	"encoding/json"
	"strconv"
)

// quote writes a text as JSON.
func quote(text string) []byte {
	raw, _ := json.Marshal(text) // a string always can be
	return raw
}

// quoteOrNull writes an empty text as null.
func quoteOrNull(text string) []byte {
	if text == "" {
		return []byte("null")
	}
	return quote(text)
}

func wholeOrNull(n *int) []byte {
	if n == nil {
		return []byte("null")
	}
	return strconv.AppendInt(nil, int64(*n), 10)
}

func orEmpty(object json.RawMessage) json.RawMessage {
	if len(object) == 0 {
		return json.RawMessage("{}")
	}
	return object
}

func appendList(to []byte, values []json.RawMessage) []byte {
	to = append(to, '[')
	for i, value := range values {
		if i > 0 {
			to = append(to, ", "...)
		}
		to = append(to, value...)
	}
	return append(to, ']')
}

func appendObject(to []byte, object Object) []byte {
	to = append(to, '{')
	for i, m := range object {
		if i > 0 {
			to = append(to, ", "...)
		}
		to = append(append(append(to, quote(m.Name)...), ": "...), m.Value...)
	}
	return append(to, '}')
}

// appendSignatures writes null for none at all.
func appendSignatures(to []byte, sigs []Signature) []byte {
	if sigs == nil {
		return append(to, "null"...)
	}
	to = append(to, '[')
	for i, sig := range sigs {
		if i > 0 {
			to = append(to, ", "...)
		}
		to = sig.append(to)
	}
	return append(to, ']')
}

func appendSignature(to []byte, sig *Signature) []byte {
	if sig == nil {
		return append(to, "null"...)
	}
	return sig.append(to)
}
