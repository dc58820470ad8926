package api

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed reference.html
var referenceHTML string

var referencePage = template.Must(template.New("reference").Parse(referenceHTML))

// described is an operation as the page has it.
type described struct {
	Method, Path, Summary, ID string
	Parameters                []*huma.Param
	Fields                    []field
}

// field is a field of a body.
type field struct {
	Name, Type, Doc string
	Required        bool
}

// reference serves a page about every operation, made of the description that programs read.
func reference(d *huma.OpenAPI) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var page bytes.Buffer
		if err := referencePage.Execute(&page, map[string]any{"Title": d.Info.Title, "Version": d.Info.Version, "About": d.Info.Description, "Groups": groupsOf(d)}); err != nil {
			panic(err) // the template is ours
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes())
	})
}

// group is the operations of a tag.
type group struct {
	Name       string
	Operations []described
}

// groupsOf returns the operations by their tags.
func groupsOf(d *huma.OpenAPI) []group {
	byTag := make(map[string][]described)
	for path, item := range d.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				byTag[op.Tags[0]] = append(byTag[op.Tags[0]], described{method, path, op.Summary, op.OperationID, op.Parameters, fieldsOf(d, op)})
			}
		}
	}
	var groups []group
	for name, operations := range byTag {
		slices.SortFunc(operations, func(a, b described) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
		groups = append(groups, group{name, operations})
	}
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(a.Name, b.Name) })
	return groups
}

// fieldsOf returns the fields of the body that an operation takes.
func fieldsOf(d *huma.OpenAPI, op *huma.Operation) []field {
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
		return nil
	}
	schema := op.RequestBody.Content["application/json"].Schema
	if schema.Ref != "" {
		schema = d.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	var fields []field
	for name, property := range schema.Properties {
		kind := property.Type
		if kind == "" {
			kind = "any"
		}
		if property.Format != "" {
			kind += ", " + property.Format
		}
		fields = append(fields, field{name, kind, property.Description, slices.Contains(schema.Required, name)})
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}
