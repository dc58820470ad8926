package app

import (
	"context"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"

	"switchyard/internal/api"
	"switchyard/internal/article"
	"switchyard/internal/cache"
	"switchyard/internal/corpus"
	"switchyard/internal/llm"
	"switchyard/internal/polite"
	"switchyard/internal/tasks"
	"switchyard/internal/tasks/agents"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tasks/scraping"
	"switchyard/internal/tasks/webhooks"
	"switchyard/internal/web"
)

// handlers are what a worker adds to the kinds of a system.
type handlers struct {
	byKind  tasks.Handlers
	fetcher *polite.Fetcher
	corpus  *corpus.Corpus
	poster  *web.Poster
	models  *llm.Metrics
}

// newHandlers returns the handlers of a system. The error names agents that no runtime can run.
// The caller closes them.
func newHandlers(s *System) (*handlers, error) {
	c := s.Config
	h := &handlers{
		models:  llm.NewMetrics(slices.Collect(maps.Keys(c.Models))...),
		fetcher: s.newFetcher(),
		corpus:  corpus.New(),
		poster:  web.NewPoster(web.Options{UserAgent: c.Fetcher.UserAgent, Timeout: tellWithin, AllowPrivate: c.Webhooks.AllowPrivate}),
	}
	agent, err := agents.New(c.Agents, map[string]agents.Runtime{
		"rank": &agents.Rank{Documents: s.Documents, Corpus: h.corpus, Now: time.Now},
		"exec": &agents.Exec{Tell: s.tellProgress},
		"http": &agents.HTTP{Client: &http.Client{CheckRedirect: agents.NoRedirect}, Getenv: os.Getenv},
		"llm":  h.newLLM(s),
	}, s.Guard, s.Journals)
	if err != nil {
		h.close()
		return nil, err
	}
	scrape := scraping.Handlers{
		Fetcher: h.fetcher, Documents: s.Documents, Pages: s.Pages, Sources: s.Sources, Enqueuer: s.Queue, Now: time.Now,
	}
	channels, err := s.channels(h.poster)
	if err != nil {
		h.close()
		return nil, err
	}
	brief := &briefings.Handlers{
		Options: briefings.Options{
			Agent: c.Briefings.Agent, Digest: c.Briefings.Digest, Items: c.Briefings.Items, Patience: c.Briefings.Patience, FirstSpan: c.Briefings.FirstSpan,
		},
		Documents: s.Documents, Corpus: h.corpus, Users: s.Users, Store: s.Briefings, Enqueuer: s.Queue, Results: s.Queue, Now: time.Now,
		Channels: channels, Linker: s.readers(),
		Runs: s.Queue, Brake: briefedBrake{s.Brake}, Sources: &briefedSources{store: s.Sources, now: time.Now},
	}
	deliver := &webhooks.Deliverer{
		Targets: s.hookTargets(), Signer: s.hookSigner(), Poster: h.poster, Now: time.Now,
		Show: func(status tasks.Status) any { return api.TaskOf(status) },
	}
	h.byKind = make(tasks.Handlers)
	for _, handlers := range []tasks.Handlers{scrape.ByKind(), brief.ByKind(), agent.ByKind(), deliver.ByKind(), s.ownHandlers()} {
		for kind, handle := range handlers {
			h.byKind[kind] = withPatience(handle)
		}
	}
	return h, nil
}

// withPatience gives a handler a Redis that is never away, only slow, as long as its context
// lasts: a page that was fetched is not fetched again because it could not be stored at once.
func withPatience(handle tasks.Handler) tasks.Handler {
	return func(ctx context.Context, t *tasks.Task) (any, error) { return handle(cache.WithPatience(ctx), t) }
}

// newLLM returns the runtime of agents that are language models, with those of the
// configuration and the tools that come with Switchyard.
func (h *handlers) newLLM(s *System) *agents.LLM {
	models := make(map[string]llm.Priced, len(s.Config.Models))
	client := &http.Client{}
	for name, d := range s.Config.Models {
		models[name] = llm.Open(name, d, client, h.models)
	}
	toolbox := agents.Toolbox{Documents: s.Documents, Corpus: h.corpus, Fetch: h.readPage, Enqueuer: s.Queue, Now: time.Now}
	return &agents.LLM{
		Models: models, Tools: toolbox.Tools(), Documents: s.Documents, Servers: s.Config.MCPServers, Client: client,
		Book: s.Usage, Tell: s.tellProgress, Sleep: tasks.Sleep,
	}
}

// readPage fetches a page and returns what scraping would keep of it. The run of an agent cannot come
// again when a host is free, and waits for it.
func (h *handlers) readPage(ctx context.Context, url string) (title, text string, err error) {
	page, err := h.fetcher.FetchNow(ctx, uuid.NewString(), web.Request{URL: url}, agentPatience)
	if err != nil {
		return "", "", err
	}
	d, err := article.Read(ctx, page, article.Hints{})
	return d.Title, d.Text, err
}

// close closes the connections to the servers scraped and told.
func (h *handlers) close() {
	h.fetcher.Web.Close()
	h.poster.Close()
}

// tellProgress keeps how far an agent's run is with its task, and tells its user.
func (s *System) tellProgress(ctx context.Context, run agents.Run, progress []byte) error {
	return s.keepProgress(ctx, run.Task, run.Args.User, progress)
}
