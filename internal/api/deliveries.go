package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tokens"
)

// Delivery is what became of a briefing on a channel.
type Delivery struct {
	Briefing string                  `json:"briefing" doc:"The ID of the briefing."`
	User     string                  `json:"user,omitempty"`
	Channel  string                  `json:"channel"`
	State    briefings.DeliveryState `json:"state" doc:"begun, delivered, failed, doubtful, ordered or settled."`
	Attempt  int                     `json:"attempt,omitempty" doc:"The latest attempt, 1 for the first."`
	At       time.Time               `json:"at,omitzero" doc:"When it came to its state."`
	Detail   string                  `json:"detail,omitempty" doc:"Why, in words."`
	Doubtful bool                    `json:"doubtful" doc:"Whether nobody knows if it has happened: it waits for a person."`
}

func deliveryOf(id, user string, e briefings.LedgerEntry) Delivery {
	return Delivery{Briefing: id, User: user, Channel: e.Channel, State: e.State, Attempt: e.Attempt, At: e.At, Detail: e.Detail, Doubtful: e.State == briefings.Doubtful}
}

type listDeliveriesInput struct {
	State string `query:"state" enum:"doubtful" default:"doubtful" doc:"Those that wait for a person."`
	User  string `query:"user" maxLength:"200" doc:"The user for whom they are."`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// DeliveryList is some of the deliveries.
type DeliveryList struct {
	Items []Delivery `json:"items" doc:"The latest first."`
}

// DeliveryName names a delivery in an address, see [Named].
type DeliveryName struct {
	BriefingID
	Channel string `path:"channel" maxLength:"50"`
}

func (s *server) registerDeliveries(api huma.API) {
	register(api, huma.Operation{
		OperationID: "list-deliveries", Method: http.MethodGet, Path: "/v1/deliveries", Summary: "List the deliveries that wait for a person", Tags: []string{"briefings"},
		Errors: []int{http.StatusNotFound},
	}, s.listDeliveries)
	decision := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: "/v1/briefings/{id}/deliveries/{channel}/" + path, Summary: summary, Tags: []string{"briefings"},
			Errors: []int{http.StatusNotFound, http.StatusConflict},
		}
	}
	register(api, decision("deliver-again", "again", "Send a briefing again on a channel where it failed, or may have"), s.deliverAgain)
	register(api, decision("settle-delivery", "settle", "Leave such a delivery as it is: nothing is sent"), s.settleDelivery)
}

func (s *server) listDeliveries(ctx context.Context, in *listDeliveriesInput) (*body[DeliveryList], error) {
	only, err := CallerOf(ctx).onlyUser(tokens.BriefingsRead, in.User)
	if err != nil {
		return nil, err
	}
	doubts, err := s.Briefings.Doubts(ctx, only, in.Limit)
	out := &body[DeliveryList]{DeliveryList{[]Delivery{}}}
	for _, d := range doubts {
		out.Body.Items = append(out.Body.Items, deliveryOf(d.Briefing, d.User, d.LedgerEntry))
	}
	return out, err
}

func (s *server) deliverAgain(ctx context.Context, in *DeliveryName) (*body[Delivery], error) {
	return s.decideDelivery(ctx, in, true)
}

func (s *server) settleDelivery(ctx context.Context, in *DeliveryName) (*body[Delivery], error) {
	return s.decideDelivery(ctx, in, false)
}

// decideDelivery answers with the delivery as it is then.
func (s *server) decideDelivery(ctx context.Context, in *DeliveryName, again bool) (*body[Delivery], error) {
	b, err := s.findBriefing(ctx, tokens.BriefingsWrite, in.ID)
	if err != nil {
		return nil, err
	}
	before, err := s.delivery(ctx, b, in.Channel)
	if err != nil {
		return nil, err
	}
	err = s.ByHand.DecideDelivery(ctx, b.ID, in.Channel, again, CallerOf(ctx).actor())
	if errors.Is(err, briefings.ErrNoDelivery) {
		if now, found := s.delivery(ctx, b, in.Channel); found == nil {
			before = now // somebody else was faster
		}
		return nil, notDecidable(before)
	}
	if err != nil {
		return nil, err
	}
	now, err := s.delivery(ctx, b, in.Channel)
	return &body[Delivery]{now}, err
}

func notDecidable(d Delivery) *Problem {
	p := problem("wrong-state", fmt.Sprintf("the delivery of %s by %s is %s, and only one that is doubtful or failed waits for a decision", d.Briefing, d.Channel, d.State))
	p.State, p.Allowed = string(d.State), []string{string(briefings.Doubtful), string(briefings.Failed)}
	return p
}

// delivery returns what is known of a delivery, which was begun at least.
func (s *server) delivery(ctx context.Context, b briefings.Briefing, channel string) (Delivery, error) {
	ledger, err := s.Briefings.Ledger(ctx, b.ID)
	if err != nil {
		return Delivery{}, err
	}
	i := slices.IndexFunc(ledger, func(e briefings.LedgerEntry) bool { return e.Channel == channel })
	if i < 0 {
		return Delivery{}, noSuch("delivery", b.ID+" by "+channel)
	}
	return deliveryOf(b.ID, b.User, ledger[i]), nil
}
