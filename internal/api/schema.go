package api

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/tasks"
)

// payloadSchema is the JSON Schema of a kind's payload.
type payloadSchema struct {
	schema   *huma.Schema
	registry huma.Registry   // of the types that it refers to
	text     json.RawMessage // as it is told
}

// schemasOf works out the schemas of the payloads of all kinds whose type is known.
func schemasOf(catalog *tasks.Catalog) map[string]payloadSchema {
	all := make(map[string]payloadSchema)
	for _, name := range catalog.Names() {
		if k, err := catalog.Lookup(name); err == nil && k.Args != nil {
			all[name] = schemaOf(k.Args)
		}
	}
	return all
}

// schemaOf works out the schema of a type. It refers to nothing outside of itself.
func schemaOf(t reflect.Type) payloadSchema {
	p := payloadSchema{registry: huma.NewMapRegistry("#/$defs/", huma.DefaultSchemaNamer)}
	p.schema = huma.SchemaFromType(p.registry, t)
	fields := make(map[string]any)
	text, err := json.Marshal(p.schema)
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err == nil {
		fields["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		if defs := p.registry.Map(); len(defs) > 0 {
			fields["$defs"] = defs
		}
		p.text, err = json.Marshal(fields)
	}
	if err != nil {
		panic(fmt.Sprintf("the schema of %s: %v", t, err)) // a type of ours
	}
	return p
}

// checkSchema reports where a payload is not as the schema of its kind has it. at is the place of
// the payload.
func (s *server) checkSchema(kind string, payload []byte, at string) error {
	known, ok := s.schemas[kind]
	if !ok {
		return nil
	}
	var value any
	if err := json.Unmarshal(payload, &value); err != nil {
		return invalid(at, err)
	}
	var result huma.ValidateResult
	huma.Validate(known.registry, known.schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, value, &result)
	if len(result.Errors) == 0 {
		return nil
	}
	p := problem("invalid", "")
	for _, err := range result.Errors {
		f := faultOf(err)
		f.Pointer, f.Parameter = at+pointerOf(locationOf(err)), ""
		p.Errors = append(p.Errors, f)
	}
	p.Detail = fmt.Sprintf("%s: %s: %s", kind, p.Errors[0].Pointer, p.Errors[0].Detail)
	return p
}
