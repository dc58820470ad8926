package console

import (
	"net/http"
	"net/url"

	"switchyard/internal/api"
)

type sourcesPage struct {
	Items       []api.Source
	First, Next string
}

func (c *Console) listSources(r *request) error {
	var list api.SourceList
	if err := c.ask(r.Context(), part(r, "/v1/sources", entriesOnPage, url.Values{}), &list); err != nil {
		return err
	}
	data := sourcesPage{Items: list.Items}
	data.First, data.Next = leaf(r, url.Values{}, list.Next)
	return c.show(r, http.StatusOK, "sources", view{Title: "Sources", Here: "/sources/", Refresh: 30, Data: data})
}

type sourceData struct {
	api.Source
	Key string // of what is done once
}

func (c *Console) showSource(r *request) error {
	data := sourceData{Key: newKey()}
	if err := c.ask(r.Context(), question{path: "/v1/sources/" + url.PathEscape(r.PathValue("name"))}, &data.Source); err != nil {
		return err
	}
	return c.show(r, http.StatusOK, "source", view{Title: data.Name, Here: "/sources/", Refresh: 30, Data: data})
}
