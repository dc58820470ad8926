package apiclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"switchyard/internal/api"
	"switchyard/internal/audit"
)

// maxRecords is how many records of the audit log a page has at most.
const maxRecords = 1000

// AuditRecords returns up to limit of the latest records of the audit log, the latest first; those of a
// user alone if one is given.
func (c *Client) AuditRecords(ctx context.Context, user string, limit int) ([]audit.Record, error) {
	all, q := []audit.Record{}, url.Values{}
	if user != "" {
		q.Set("user", user)
	}
	for len(all) < limit {
		q.Set("limit", strconv.Itoa(min(maxRecords, limit-len(all))))
		var page api.AuditPage
		if _, _, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/audit", query: q}, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			all = append(all, r.Record())
		}
		if page.Next == "" {
			break
		}
		q.Set("cursor", page.Next)
	}
	return all, nil
}
