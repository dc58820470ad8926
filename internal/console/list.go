package console

import (
	"maps"
	"net/url"
)

// chosen returns those of some fields of a page's address that are not empty: what its list is asked for by.
func chosen(r *request, names ...string) url.Values {
	v := url.Values{}
	for _, name := range names {
		if value := r.URL.Query().Get(name); value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// part returns the question for that part of a list, of about limit items, at which the address of the
// page is. v is what the list is asked for by.
func part(r *request, path, limit string, v url.Values) question {
	q := maps.Clone(v)
	q.Set("limit", limit)
	if cursor := r.URL.Query().Get("cursor"); cursor != "" {
		q.Set("cursor", cursor)
	}
	return question{path: path, query: q}
}

// leaf returns the addresses of the first page of a list, if this is another one, and of the next.
func leaf(r *request, query url.Values, cursor string) (first, next string) {
	if r.URL.Query().Get("cursor") != "" {
		first = r.URL.Path + "?" + query.Encode()
	}
	if cursor != "" {
		query.Set("cursor", cursor)
		next = r.URL.Path + "?" + query.Encode()
	}
	return first, next
}
