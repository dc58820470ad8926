package api

import (
	"net/http"
	"testing"

	"switchyard/internal/tokens"
	"switchyard/internal/usage"
)

func TestAChangeTellsWhatWasBefore(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"},"id":"a","in":"1h","unique":"2h"}`), "retries=3", "headers.switchyard-version=")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/a/cancel", ""), "state=cancelled", "was=scheduled", "headers.switchyard-version=1")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/a/cancel", ""), "state=cancelled", "was=cancelled")
		d.want(http.StatusOK, d.do("POST", "/v1/tasks/a/run", ""), "was=cancelled")
		d.want(http.StatusOK, d.do("GET", "/v1/tasks/a", ""), "was=null")
	})
}

func TestAnEntryIsToldWithItsLastTaskAndWhatHoldsIt(t *testing.T) {
	onEach(t, false, func(d *door) {
		const entry = `{"spec":"0 8 * * *","kind":"echo","payload":{"text":"x","user":"ada"},"owner":"ada","spread":"-10m"}`
		d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/e", entry), "changed=true", "spread=-10m0s")
		d.want(http.StatusOK, d.do("PUT", "/v1/schedule/e", entry), "changed=false")
		d.want(http.StatusOK, d.do("PATCH", "/v1/schedule/e", `{"paused":true}`), "changed=true", "paused=true")
		d.want(http.StatusOK, d.do("PATCH", "/v1/schedule/e", `{"paused":true}`), "changed=false")
		d.want(http.StatusOK, d.do("PUT", "/v1/users/ada/brake", `{"on":true}`), "stops.0.user=ada", "stops.0.by.via=request")
		held := d.want(http.StatusOK, d.do("GET", "/v1/schedule/e", "")).field("held")
		if want := d.do("GET", "/v1/users/ada/brake", "").field("why"); held == "" || held != want {
			t.Errorf("held by %q, want %q", held, want)
		}
		d.want(http.StatusUnprocessableEntity, d.do("PUT", "/v1/schedule/x", `{"spec":"0 8 * * *","kind":"echo","payload":{"text":"x"},"spread":"soon"}`), "errors.0.pointer=/spread")
	})
}

func TestSomePreferencesAreChangedAndTheOthersStay(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("PATCH", "/v1/users/ada", `{"topics":["queues"],"zone":"Europe/Berlin"}`), "zone=Europe/Berlin", "time=08:00", "topics.0=queues")
		d.want(http.StatusOK, d.do("PATCH", "/v1/users/ada", `{"time":"09:15"}`), "zone=Europe/Berlin", "time=09:15", "topics.0=queues")
		d.want(http.StatusUnprocessableEntity, d.do("PATCH", "/v1/users/ada", `{"time":"25:00"}`), "type=/problems/invalid")
		d.make(tokens.New{User: "eve"}, "users:write", "usage:read")
		d.want(http.StatusNotFound, d.do("PATCH", "/v1/users/ada", `{"time":"10:00"}`), "type=/problems/not-found")
	})
}

func TestWhatEverybodyHasSpentIsForThoseWhoMayKnow(t *testing.T) {
	onEach(t, false, func(d *door) {
		for _, user := range []string{"ada", "eve"} {
			call, err := d.system.Usage.Reserve(t.Context(), user, "scout", "one", usage.Amount{Tokens: 10})
			if err == nil {
				err = call.Settle(t.Context(), usage.Amount{Tokens: 7})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		d.want(http.StatusOK, d.do("GET", "/v1/usage", ""), "0.user=ada", "1.user=eve", "1.tokens=7")
		d.make(tokens.New{User: "eve"}, "usage:read")
		if a := d.want(http.StatusOK, d.do("GET", "/v1/usage", ""), "0.user=eve"); a.field("1.user") == "ada" {
			t.Error(a.body)
		}
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/usage?since=soon", ""), "errors.0.parameter=since")
		d.make(tokens.New{}, "tasks:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/usage", ""), "scope=usage:read")
	})
}
