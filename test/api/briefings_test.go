package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tokens"
)

// brief keeps a briefing for a user, whose delivery by mail has failed.
func (d *door) brief(id, user string, created time.Time) {
	d.Helper()
	b := briefings.Briefing{
		ID: id, User: user, Created: created, Note: "briefly",
		Items:    []briefings.Item{{Title: "A <b>bold</b> title", URL: "https://example.org/a", Source: "news", Why: "queues", Extract: []string{"One."}}},
		Sections: []briefings.Section{{Name: "failed", Title: "Failed", Lines: []string{"agents/t1"}}},
	}
	if err := d.system.Briefings.Put(d.Context(), b); err != nil {
		d.Fatal(err)
	}
	entry := `{"state":"failed","attempt":1,"at":"2026-11-20T08:00:00Z","detail":"550 no such mailbox","token":"secret"}`
	if err := d.system.Redis.HSet(d.Context(), "switchyard:briefing:"+id, "delivery:email", entry).Err(); err != nil {
		d.Fatal(err)
	}
}

func TestBriefingsAreReadAndTheirDeliveriesDecided(t *testing.T) {
	onEach(t, false, func(d *door) {
		day := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
		d.brief("b1", "ada", day)
		d.brief("b2", "ada", day.AddDate(0, 0, 1))
		d.brief("b3", "eve", day.AddDate(0, 0, 2))
		a := d.want(http.StatusOK, d.do("GET", "/v1/briefings?user=ada&limit=1", "", as("rea")), "items.0.id=b2", "items.0.title=Briefing for ada, Saturday 21 November 2026 08:00 UTC", "items.0.item_count=1", "items.1=")
		d.want(http.StatusOK, d.do("GET", "/v1/briefings?user=ada&limit=1&cursor="+a.field("next"), "", as("rea")), "items.0.id=b1", "next=null")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/briefings?cursor=x", "", as("rea")), "errors.0.parameter=cursor")
		one := d.want(http.StatusOK, d.do("GET", "/v1/briefings/b1", "", as("rea")), "user=ada", "note=briefly", "items.0.title=A <b>bold</b> title", "items.0.why=queues", "items.0.source=news", "sections.0.lines.0=agents/t1",
			"deliveries.0.channel=email", "deliveries.0.state=failed", "deliveries.0.detail=550 no such mailbox", "deliveries.0.doubtful=false")
		if strings.Contains(one.body, "secret") || !strings.Contains(one.field("html"), "&lt;b&gt;bold") || !strings.Contains(one.field("text"), "bold") {
			d.Error(one.body)
		}
		d.want(http.StatusNotFound, d.do("GET", "/v1/briefings/none", "", as("rea")), `detail=there is no briefing "none"`)
		// Who is bound to a user learns of that user's alone, and decides about them alone.
		d.want(http.StatusOK, d.do("GET", "/v1/briefings", "", as("eves")), "items.0.id=b3", "items.1=")
		for _, r := range [][2]string{{"GET", "/v1/briefings?user=ada"}, {"GET", "/v1/briefings/b1"}, {"GET", "/v1/deliveries?user=ada"}, {"POST", "/v1/briefings/b1/deliveries/email/again"}, {"POST", "/v1/briefings/b1/deliveries/email/settle"}} {
			d.want(http.StatusNotFound, d.do(r[0], r[1], "", as("eves")), "type=/problems/not-found")
		}
		d.want(http.StatusForbidden, d.do("POST", "/v1/briefings/b1/deliveries/email/again", "", as("rea")), "scope=briefings:write")
		d.want(http.StatusNotFound, d.do("POST", "/v1/briefings/b1/deliveries/chat/again", "", as("op")))
		d.want(http.StatusOK, d.do("POST", "/v1/briefings/b1/deliveries/email/again", "", as("op")), "state=ordered", "briefing=b1", "user=ada")
		d.want(http.StatusConflict, d.do("POST", "/v1/briefings/b1/deliveries/email/settle", "", as("op")), "type=/problems/wrong-state", "state=ordered", "allowed.0=doubtful", "allowed.1=failed")
		d.want(http.StatusOK, d.do("POST", "/v1/briefings/b3/deliveries/email/settle", "", as("eves")), "state=settled")
		d.want(http.StatusOK, d.do("GET", "/v1/audit?did=deliver+again", "", as("op")), "items.0.name=op", "items.0.user=ada", "items.0.detail=b1 by email", "items.1=")
		d.make(tokens.New{User: "eve"}, "tasks:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/briefings", ""), "scope=briefings:read")
		d.want(http.StatusForbidden, d.do("GET", "/v1/deliveries", ""), "scope=briefings:read")
	}, signedIn(t))
}

func TestDeliveriesThatWaitForAPersonAreTold(t *testing.T) {
	onEach(t, false, func(d *door) {
		at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
		for i, user := range []string{"ada", "eve"} {
			id := "of-" + user
			d.brief(id, user, at)
			d.system.Redis.HSet(t.Context(), "switchyard:briefing:"+id, "delivery:email", `{"state":"doubtful","attempt":1,"at":"2026-11-20T08:00:00Z","detail":"cut off"}`)
			d.system.Redis.ZAdd(t.Context(), "switchyard:briefings:doubtful", redis.Z{Score: float64(i), Member: "email " + id})
		}
		d.want(http.StatusOK, d.do("GET", "/v1/deliveries?state=doubtful", "", as("rea")), "items.0.briefing=of-eve", "items.0.user=eve", "items.0.doubtful=true", "items.0.detail=cut off", "items.1.user=ada")
		d.want(http.StatusOK, d.do("GET", "/v1/deliveries?limit=1", "", as("rea")), "items.1=")
		d.want(http.StatusOK, d.do("GET", "/v1/deliveries", "", as("eves")), "items.0.user=eve", "items.1=")
		d.want(http.StatusOK, d.do("POST", "/v1/briefings/of-eve/deliveries/email/settle", "", as("eves")), "state=settled", "doubtful=false")
		d.want(http.StatusOK, d.do("GET", "/v1/deliveries", "", as("op")), "items.0.user=ada", "items.1=")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/deliveries?state=lost", "", as("op")))
	}, signedIn(t))
}
