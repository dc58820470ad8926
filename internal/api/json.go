package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// strictJSON reads bodies that every reader understands alike: no name twice in an object, and
// nothing but UTF-8. It writes bodies as encoding/json does.
var strictJSON = huma.Format{
	Marshal: func(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) },
	Unmarshal: func(data []byte, v any) error {
		if _, first := v.(*any); first { // huma reads each body twice
			if err := checkJSON(data); err != nil {
				return err
			}
		}
		return json.Unmarshal(data, v)
	},
}

// checkJSON reports what is wrong with a text as JSON, and where.
func checkJSON(data []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	_, err := d.ReadValue()
	if err == nil {
		if _, err = d.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		return errors.New("data follows the JSON value: send one value")
	}
	var at *jsontext.SyntacticError
	if errors.As(err, &at) {
		return fmt.Errorf("the body is not JSON at byte %d, %s: %w", at.ByteOffset, placeOf(at.JSONPointer), at.Err)
	}
	return fmt.Errorf("the body is not JSON: %w", err)
}

func placeOf(p jsontext.Pointer) string {
	if p == "" {
		return "at its top"
	}
	return fmt.Sprintf("at %.100q", string(p))
}

// sameJSON reports whether two payloads say the same, but for white space.
func sameJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, orEmpty(a)) != nil || json.Compact(&y, orEmpty(b)) != nil {
		return bytes.Equal(a, b)
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}

func orEmpty(payload []byte) []byte {
	if len(bytes.TrimSpace(payload)) == 0 {
		return []byte("{}")
	}
	return payload
}
