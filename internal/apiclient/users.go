package apiclient

import (
	"context"
	"net/http"

	"switchyard/internal/api"
	"switchyard/internal/users"
)

// User returns a user's preferences.
func (c *Client) User(ctx context.Context, id string) (users.User, error) {
	return c.user(ctx, request{method: http.MethodGet, path: "/v1/users/" + segment(id)})
}

// ChangeUser makes or changes a user, and returns the preferences as kept.
func (c *Client) ChangeUser(ctx context.Context, id string, changes users.Changes) (users.User, error) {
	return c.user(ctx, request{method: http.MethodPatch, path: "/v1/users/" + segment(id), body: changes})
}

func (c *Client) user(ctx context.Context, r request) (users.User, error) {
	var u api.User
	_, _, err := c.do(ctx, r, &u)
	return u.Kept(), err
}

// Users returns all users, by ID.
func (c *Client) Users(ctx context.Context) ([]users.User, error) {
	var all []api.User
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/users"}, &all)
	list := make([]users.User, len(all))
	for i, u := range all {
		list[i] = u.Kept()
	}
	return list, err
}

// RemoveUser forgets a user with the entry of their briefing.
func (c *Client) RemoveUser(ctx context.Context, id string) error {
	_, _, err := c.do(ctx, request{method: http.MethodDelete, path: "/v1/users/" + segment(id)}, nil)
	return err
}
