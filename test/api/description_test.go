package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// operation is one of the description, as far as requests can be made of it.
type operation struct {
	Parameters []struct {
		Name     string `json:"name"`
		In       string `json:"in"`
		Required bool   `json:"required"`
	} `json:"parameters"`
	RequestBody *struct {
		Content map[string]struct {
			Schema map[string]any `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

// description is the API's own, as far as requests can be made of it.
type description struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]map[string]any `json:"schemas"`
	} `json:"components"`
}

// hostile are values that no field expects.
var hostile = []string{
	`null`, `true`, `-1`, `1e400`, `99999999999999999999`, `0.1`, `""`, `"\u0000"`, `"` + strings.Repeat("x", 5000) + `"`, `"\ud800"`, `"../../etc"`, `"*"`,
	`"2026-13-99T99:99:99Z"`, `"-5m"`, `"1000000h"`, `[]`, `[[]]`, `[null]`, `{}`, `{"":{}}`,
}

// bodies returns bodies for an operation: none as it should be.
func (d description) bodies(schema map[string]any) []string {
	if ref, named := schema["$ref"].(string); named {
		schema = d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
	}
	all := append([]string{`{`, `{}x`, `{"a":1,"a":2}`, `{"no such field":1}`, "{\"\xff\":1}", strings.Repeat("[", 20_000)}, hostile...)
	properties, _ := schema["properties"].(map[string]any)
	for field := range properties {
		for _, value := range hostile {
			name, _ := json.Marshal(field)
			all = append(all, fmt.Sprintf(`{%s:%s}`, name, value))
		}
	}
	return all
}

// addresses returns addresses of an operation with odd names in them, and odd parameters.
func (o operation) addresses(path string) []string {
	names := []string{"x", "%00", "%2e%2e", "%F0%9F%98%80", "%ff", strings.Repeat("x", 400), "a%2Fb", "*", "%0d%0aX-Bad:1"}
	var all []string
	for _, name := range names {
		at := path
		for _, p := range o.Parameters {
			if p.In == "path" {
				at = strings.ReplaceAll(at, "{"+p.Name+"}", name)
			}
		}
		all = append(all, at)
	}
	for _, p := range o.Parameters {
		for _, value := range []string{"", "-1", "\x00", "x,y", "99999999999999999999", "2026-13-01T00:00:00Z", strings.Repeat("y", 3000), "é"} {
			if p.In == "query" {
				all = append(all, all[0]+"?"+p.Name+"="+url.QueryEscape(value))
			}
		}
	}
	return append(all, all[0]+"?no=such", all[0]+"?%zz")
}

// TestNoRequestIsAnsweredByAFault makes of each operation of the description requests that are none,
// and holds that each is answered as described, and by nobody's fault.
func TestNoRequestIsAnsweredByAFault(t *testing.T) {
	onEach(t, false, func(d *door) {
		var all description
		if err := json.Unmarshal(d.description(), &all); err != nil {
			d.Fatal(err)
		}
		requests := 0
		for path, methods := range all.Paths {
			for method, op := range methods {
				if strings.HasSuffix(path, "/events") {
					continue // a stream has no end
				}
				try := func(at, body string) {
					requests++
					if a := d.do(strings.ToUpper(method), at, body); a.status >= http.StatusInternalServerError {
						d.Errorf("%s %.200s with %.200q: %d %s", method, at, body, a.status, a.body)
					}
				}
				addresses := op.addresses(path)
				for _, at := range addresses {
					try(at, "")
				}
				if op.RequestBody != nil {
					for _, body := range all.bodies(op.RequestBody.Content["application/json"].Schema) {
						try(addresses[0], body)
					}
				}
			}
		}
		if requests < 1000 {
			d.Errorf("%d requests were made", requests)
		}
	})
}

// TestAnswersMayGetMoreFields has the description leave room for fields to come: a client that was made
// from it understands a later API.
func TestAnswersMayGetMoreFields(t *testing.T) {
	onEach(t, false, func(d *door) {
		var all description
		if err := json.Unmarshal(d.description(), &all); err != nil {
			d.Fatal(err)
		}
		for name, want := range map[string]bool{"Task": true, "Page": true, "Problem": true, "Links": true, "New": false, "Cancellation": false} {
			if got := all.Components.Schemas[name]["additionalProperties"]; got != want {
				d.Errorf("%s: additionalProperties is %v, want %v", name, got, want)
			}
		}
	})
}
