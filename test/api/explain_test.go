package api

import (
	"net/http"
	"strings"
	"testing"

	"switchyard/internal/config"
	"switchyard/internal/tokens"
	"switchyard/internal/usage"
)

func TestASpecIsExplained(t *testing.T) {
	onEach(t, false, func(d *door) {
		const after = "&after=2026-11-26T12:00:00Z" // a Thursday
		a := d.want(http.StatusOK, d.do("GET", "/v1/specs?spec=0+8+*+*+MON-FRI&zone=Europe/Berlin"+after, ""),
			"words=At 08:00 on Monday to Friday, Europe/Berlin time", "zone=Europe/Berlin", "next.0=2026-11-27T08:00:00+01:00", "next.1=2026-11-30T08:00:00+01:00", "next.10=",
			"days.0=2026-11-27", "days.1=2026-11-30", "days.2=2026-12-01")
		if strings.Contains(a.body, "2026-11-28") || !strings.Contains(a.body, `"2027-02-26"`) || strings.Contains(a.body, `"2027-03-01"`) {
			t.Errorf("the days are not those of three months: %s", a.body)
		}
		d.want(http.StatusOK, d.do("GET", "/v1/specs?spec=@every+1s"+after, ""), "words=Every second", "next.9=2026-11-26T12:00:10Z", "days.0=2026-11-26", "days.93=2027-02-27", "days.94=")
		d.want(http.StatusOK, d.do("GET", "/v1/specs?spec=at+2020-01-01T00:00:00Z"+after, ""), "next=[]", "days=[]")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/specs?spec=61+*+*+*+*", ""), "errors.0.parameter=spec")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/specs?spec=@daily&zone=Nowhere/City", ""), "errors.0.parameter=zone")
		d.make(tokens.New{}, "tasks:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/specs?spec=@daily", ""), "scope=schedule:read")
	})
}

func TestWhatMayBeSpentInADayIsTold(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusOK, d.do("GET", "/v1/usage/limit", ""), "tokens=1000", "money=2.5")
		d.make(tokens.New{}, "tasks:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/usage/limit", ""), "scope=usage:read")
	}, func(c *config.Config) { c.UserDay = usage.Amount{Tokens: 1000, Money: 2.5} })
}

func TestSourcesAreNothingOfAUsers(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("PUT", "/v1/schedule/source:news", `{"spec":"@daily","kind":"scrape_feed","payload":{"url":"https://example.org/feed","source":"news"}}`))
		d.want(http.StatusOK, d.do("GET", "/v1/sources", ""), "items.0.name=news")
		d.make(tokens.New{User: "ada"}, "schedule:read")
		d.want(http.StatusOK, d.do("GET", "/v1/sources", ""), "items=[]")
		d.want(http.StatusNotFound, d.do("GET", "/v1/sources/news", ""))
	})
}
