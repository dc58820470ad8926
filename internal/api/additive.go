package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// allowMore has the description say that answers may get fields that it does not know: a client of
// today understands the API of tomorrow. What a request may have stays as it is.
func allowMore(d *huma.OpenAPI) {
	asked := map[string]bool{}
	for _, item := range d.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				reach(d, media.Schema, asked)
			}
		}
	}
	for name, schema := range d.Components.Schemas.Map() {
		if !asked[name] {
			schema.AdditionalProperties = true
		}
	}
}

// reach notes the names of all schemas that a schema is made of.
func reach(d *huma.OpenAPI, s *huma.Schema, found map[string]bool) {
	if s == nil {
		return
	}
	if name, named := strings.CutPrefix(s.Ref, "#/components/schemas/"); named && !found[name] {
		found[name] = true
		reach(d, d.Components.Schemas.Map()[name], found)
	}
	for _, property := range s.Properties {
		reach(d, property, found)
	}
	reach(d, s.Items, found)
	for _, list := range [][]*huma.Schema{s.OneOf, s.AnyOf, s.AllOf} {
		for _, one := range list {
			reach(d, one, found)
		}
	}
}
