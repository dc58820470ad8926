package api

import (
	"context"
	"encoding/json"
	"slices"

	"switchyard/internal/tokens"
)

type historyInput struct {
	UserName
	Limit int `query:"limit" minimum:"1" maximum:"256" default:"50"`
}

// History is what happened to a user's agents lately.
type History struct {
	Items []json.RawMessage `json:"items" doc:"The events as they were published, the latest first. About 256 are kept, for a week after the last."`
}

// history returns the same as [server.followUser] for those who do not follow.
func (s *server) history(ctx context.Context, in *historyInput) (*body[History], error) {
	if err := about(ctx, tokens.BrakeRead, in.User); err != nil {
		return nil, err
	}
	latest, err := s.Events.Latest(ctx, in.User)
	if err != nil {
		return nil, err
	}
	found, err := s.Events.Read(ctx, in.User, latest-int64(in.Limit), in.Limit)
	out := &body[History]{History{[]json.RawMessage{}}}
	for _, e := range slices.Backward(found) {
		if json.Valid([]byte(e.JSON)) { // what somebody else wrote stops no others
			out.Body.Items = append(out.Body.Items, json.RawMessage(e.JSON))
		}
	}
	return out, err
}
