package apiclient

import (
	"context"
	"net/http"
	"net/url"

	"switchyard/internal/api"
	"switchyard/internal/sources"
)

// Sources returns all sources with what they brought.
func (c *Client) Sources(ctx context.Context) ([]sources.Source, error) {
	var all []sources.Source
	for q := (url.Values{}); ; {
		var page api.SourceList
		if _, _, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/sources", query: q}, &page); err != nil {
			return nil, err
		}
		for _, s := range page.Items {
			all = append(all, s.Source())
		}
		if page.Next == "" {
			return all, nil
		}
		q.Set("cursor", page.Next)
	}
}

// Source returns a source with its pages in trouble.
func (c *Client) Source(ctx context.Context, name string) (sources.Source, error) {
	var s api.Source
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/sources/" + segment(name)}, &s)
	return s.Source(), err
}
