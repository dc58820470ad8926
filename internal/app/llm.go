package app

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"switchyard/internal/llm"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/internal/tasks/scraping"
)

// newLLM returns the runtime of agents that are language models, with those of the
// configuration and the tools that come with Switchyard.
func (s *System) newLLM(enqueuer tasks.Enqueuer) *agents.LLM {
	models := make(map[string]llm.Priced, len(s.Config.Models))
	client := &http.Client{}
	s.models = llm.NewMetrics(slices.Collect(maps.Keys(s.Config.Models))...)
	for name, d := range s.Config.Models {
		models[name] = llm.Open(name, d, client, s.models)
	}
	toolbox := agents.Toolbox{Documents: s.Documents, Fetch: s.readPage, Enqueuer: enqueuer, Now: time.Now}
	return &agents.LLM{Models: models, Tools: toolbox.Tools(), Documents: s.Documents, Servers: s.Config.MCPServers, Client: client, Book: s.Usage, Tell: s.tellProgress, Sleep: agents.Pause}
}

// readPage fetches a page and returns what scraping would keep of it.
func (s *System) readPage(ctx context.Context, url string) (title, text string, err error) {
	page, err := s.fetcher.Fetch(ctx, url)
	if err != nil {
		return "", "", err
	}
	d, err := scraping.Extract(page)
	return d.Title, d.Text, err
}
