package app

import (
	"net/http"

	"switchyard/internal/api"
	"switchyard/internal/command"
	"switchyard/internal/queue"
)

// newAPI returns the HTTP API.
func (s *System) newAPI(waiter *queue.Waiter) http.Handler {
	return api.NewHandler(api.Options{
		Version: command.ThisVersion().Release, Redis: s.Redis, Prefix: s.Config.Redis.Prefix, Queue: s.Queue, Catalog: s.Catalog, Routing: s.Routing, ByHand: s,
		Brake: s.Operator(), Events: s.Events, Journals: s.Journals, Schedule: s.Schedule, Users: s.Users, Usage: s.Usage, Waiter: waiter,
		MaxPayload: s.Config.Tasks.MaxPayload, Log: s.Log,
	})
}
