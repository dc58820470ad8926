package agents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema is what the final answer of an agent has to follow.
type schema struct{ compiled *jsonschema.Schema }

// newSchema reads a JSON schema as the configuration has it; nil for none.
func newSchema(definition map[string]any) (*schema, error) {
	if definition == nil {
		return nil, nil
	}
	text, err := json.Marshal(definition)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(noLoader{})
	const name = "mem:answer"
	if err := compiler.AddResource(name, document); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return &schema{compiled}, nil
}

// noLoader refuses schemas that refer to others elsewhere.
type noLoader struct{}

// Load implements [jsonschema.URLLoader].
func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("it refers to %s: write the schema out", url)
}

// read returns the JSON of an answer that follows the schema. Models like to put it between
// fences, which are forgiven.
func (s *schema) read(text string) (json.RawMessage, error) {
	text = strings.TrimSpace(text)
	if rest, fenced := strings.CutPrefix(text, "```"); fenced {
		rest = strings.TrimPrefix(rest, "json")
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "```"))
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if err := s.compiled.Validate(value); err != nil {
		return nil, err
	}
	return json.RawMessage(text), nil
}

// schemaJSON returns the schema as a model is given it.
func (d Definition) schemaJSON() json.RawMessage {
	if d.Schema == nil {
		return nil
	}
	text, err := json.Marshal(d.Schema)
	if err != nil {
		return nil // newSchema has said so
	}
	return text
}
