package api

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// told is an event of a stream.
type told struct{ id, event, data string }

// follow reads a stream until read says that it has read enough.
func (d *door) follow(path, last string, read func(told) (enough bool)) {
	d.Helper()
	ctx, cancel := context.WithCancel(d.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+path, nil)
	if err != nil {
		d.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		d.Fatalf("%s: %s", path, res.Status)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	var e told
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			e.data = value
		case "":
			if e.event != "" && read(e) {
				return
			}
			e = told{}
		}
	}
	e = told{event: "closed"}
	read(e)
}

func TestATaskIsFollowedToItsEnd(t *testing.T) {
	onEach(t, true, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"x","in":"1h"}`))
		var states []string
		var last string
		d.follow("/v1/tasks/x/events", "", func(e told) bool {
			state := answer{body: e.data}.field("state")
			states = append(states, e.event+" "+state)
			if state == "scheduled" {
				d.want(http.StatusOK, d.do("POST", "/v1/tasks/x/run", ""))
			}
			last = e.id
			return e.event == "ended"
		})
		if got := states[0] + ", " + states[len(states)-1]; got != "state scheduled, ended succeeded" {
			d.Errorf("told %v", states)
		}
		// Whoever has read the end is told nothing again, and the stream is over.
		var again []string
		d.follow("/v1/tasks/x/events", last, func(e told) bool { again = append(again, e.event); return false })
		if fmt.Sprint(again) != "[closed]" {
			d.Errorf("told again: %v", again)
		}
	})
}

func TestAUsersEventsAreFollowedFromAnyNumberOn(t *testing.T) {
	onEach(t, false, func(d *door) {
		for i := range 3 {
			if err := d.system.Events.Tell(d.Context(), "ada", "progress", fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
				d.Fatal(err)
			}
		}
		var got []string
		d.follow("/v1/users/ada/events", "1", func(e told) bool {
			got = append(got, e.id+" "+e.event+" "+answer{body: e.data}.field("n"))
			if len(got) == 2 {
				if err := d.system.Events.Tell(d.Context(), "ada", "progress", []byte(`{"n":3}`)); err != nil {
					d.Fatal(err)
				}
			}
			return len(got) == 3
		})
		if want := "[2 progress 1 3 progress 2 4 progress 3]"; fmt.Sprint(got) != want {
			d.Errorf("told %v, want %s", got, want)
		}
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/users/ada/events", "", "Last-Event-ID: x"), "errors.0.parameter=Last-Event-ID")
	})
}

// TestWhoWaitsIsNotCutOffByTheServersDeadlines waits for longer than they are, see start.
func TestWhoWaitsIsNotCutOffByTheServersDeadlines(t *testing.T) {
	const deadline = 2 * time.Second // less than the waits and the stream take
	d := startWithin(t, "redis://"+redistest.Server(t).Addr, true, deadline)
	d.check = d.described()
	d.want(http.StatusAccepted, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"x","in":"1h"}`, "Prefer: wait=3"), "state=scheduled")
	d.want(http.StatusOK, d.do("GET", "/v1/tasks/x?wait=3s", ""), "state=scheduled", "ended=false")
	d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"y","in":"3s"}`))
	var events []string
	d.follow("/v1/tasks/y/events", "", func(e told) bool { events = append(events, e.event); return e.event == "ended" })
	if events[len(events)-1] != "ended" {
		d.Errorf("told %v", events)
	}
}
