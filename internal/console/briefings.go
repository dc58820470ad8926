package console

import (
	"html/template"
	"net/http"
	"net/url"

	"switchyard/internal/api"
)

type briefingsPage struct {
	User        string
	Doubts      []api.Delivery
	Items       []api.BriefingSummary
	First, Next string
}

func (c *Console) listBriefings(r *request) error {
	v := chosen(r, "user")
	data := briefingsPage{User: v.Get("user")}
	var list api.BriefingPage
	if err := c.ask(r.Context(), part(r, "/v1/briefings", tasksOnPage, v), &list); err != nil {
		return err
	}
	var doubts api.DeliveryList
	if err := c.askIf(r, question{path: "/v1/deliveries", query: url.Values{"state": {"doubtful"}}}, &doubts); err != nil {
		return err
	}
	data.Items, data.Doubts = list.Items, doubts.Items
	data.First, data.Next = leaf(r, v, list.Next)
	return c.show(r, http.StatusOK, "briefings", view{Title: "Briefings", Here: "/briefings/", Refresh: 30, Data: data})
}

type briefingData struct {
	api.Briefing
	Body template.HTML // harmless
}

func (c *Console) showBriefing(r *request) error {
	var data briefingData
	if err := c.ask(r.Context(), question{path: "/v1/briefings/" + url.PathEscape(r.PathValue("id"))}, &data.Briefing); err != nil {
		return err
	}
	data.Body = c.sanitize(data.HTML)
	return c.show(r, http.StatusOK, "briefing", view{Title: data.Title, Here: "/briefings/", Data: data})
}

// changeDelivery says what becomes of a delivery that waits for a person.
func (c *Console) changeDelivery(r *request) error {
	id, channel, verb := r.PathValue("id"), r.PathValue("channel"), r.PathValue("verb")
	done := map[string]string{"again": "again", "settle": "settled"}[verb]
	if done == "" {
		return nothing(r)
	}
	path := "/v1/briefings/" + url.PathEscape(id) + "/deliveries/" + url.PathEscape(channel) + "/" + verb
	if err := c.ask(r.Context(), question{method: http.MethodPost, path: path}, nil); err != nil {
		return err
	}
	return c.done(r, "/briefings/"+url.PathEscape(id), done, uncounted, 0)
}
