package apiclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"switchyard/internal/events"
)

const (
	// silentFor is how long a stream may say nothing: the API sends a comment every 15 seconds.
	silentFor = 40 * time.Second
	// maxEvent bounds a line of a stream, in bytes.
	maxEvent = 1 << 20
)

// Follow calls told with each event of a user that comes after the number, in order and none twice,
// until ctx ends or told returns an error, which it returns. While the API is away it asks again.
func (c *Client) Follow(ctx context.Context, user string, after int64, told func(events.Event) error) error {
	for {
		last, err := c.read(ctx, user, after, told)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !passing(err) {
			return err
		}
		after = last
		if !sleep(ctx, pauseBefore(2, err)) {
			return ctx.Err()
		}
	}
}

// read reads one stream until it ends, and returns the number of the last event.
func (c *Client) read(ctx context.Context, user string, after int64, told func(events.Event) error) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(within, cancel)
	defer silent.Stop()
	res, err := c.send(ctx, request{
		method: http.MethodGet, path: "/v1/users/" + segment(user) + "/events",
		header: map[string]string{"Last-Event-ID": strconv.FormatInt(after, 10), "Accept": "text/event-stream"},
	}, nil)
	if err != nil {
		return after, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, maxEvent)) // what is missing is no problem of the API
		return after, c.refusal(answer{res.StatusCode, res.Header, text})
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxEvent)
	var e events.Event
	for lines.Scan() {
		silent.Reset(silentFor)
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "id":
			if e.Seq, err = strconv.ParseInt(value, 10, 64); err != nil {
				return after, errors.New("the stream has an event whose number is none: see whether that is the address of the monitor")
			}
		case name == "data":
			if e.JSON = value; !json.Valid([]byte(value)) {
				return after, errors.New("the stream has an event that is no JSON: see whether that is the address of the monitor")
			}
		case lines.Text() == "" && e.JSON != "":
			if err := told(e); err != nil {
				return after, err
			}
			after, e = e.Seq, events.Event{}
		}
	}
	return after, nil // a stream that was cut off is asked for again
}
