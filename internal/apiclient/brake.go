package apiclient

import (
	"context"
	"net/http"
	"time"

	"switchyard/internal/api"
	"switchyard/internal/control"
)

func brakeOf(user string) string { return "/v1/users/" + segment(user) + "/brake" }

// BrakeStatus returns what is known of a user's agents, or of [control.Everyone].
func (c *Client) BrakeStatus(ctx context.Context, user string) (control.BrakeStatus, error) {
	var b api.Brake
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: brakeOf(user)}, &b)
	return b.Status(), err
}

// Overview returns the users who are paused, or for whom something waits.
func (c *Client) Overview(ctx context.Context) (control.Overview, error) {
	var all api.Brakes
	_, _, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/brakes"}, &all)
	o := control.Overview{Everyone: all.Everyone.Status(), Users: []control.BrakeStatus{}, More: all.More}
	for _, b := range all.Users {
		o.Users = append(o.Users, b.Status())
	}
	return o, err
}

// Pause puts the brake of a user on and waits until what ran has stopped, or for the patience of
// the brake. The receipt is empty with an error.
func (c *Client) Pause(ctx context.Context, user string) (control.BrakeReceipt, error) {
	began := time.Now()
	b, err := c.putBrake(ctx, user, true)
	if err != nil {
		return control.BrakeReceipt{}, err
	}
	return b.Receipt(time.Since(began)), nil
}

// Resume takes the brake of a user off. The answer is empty with an error.
func (c *Client) Resume(ctx context.Context, user string) (control.Resumed, error) {
	b, err := c.putBrake(ctx, user, false)
	if err != nil {
		return control.Resumed{}, err
	}
	return control.Resumed{User: b.User, Changed: b.Changed != nil && *b.Changed, Tasks: append([]string{}, b.Resumed...), Stops: b.Stops}, nil
}

func (c *Client) putBrake(ctx context.Context, user string, on bool) (api.Brake, error) {
	var b api.Brake
	_, _, err := c.do(ctx, request{
		method: http.MethodPut, path: brakeOf(user), body: map[string]bool{"on": on}, patience: control.DefaultPatience,
	}, &b)
	return b, err
}
