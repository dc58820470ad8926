package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"switchyard/internal/llm"
	"switchyard/internal/series"
	"switchyard/internal/tasks"
	"switchyard/test/llmtest"
)

// answer is what the model of the agent says. It looks for pages; then it wants one read for ada, never
// ends with mia and kenji, and is done with others.
func answer(a llmtest.Ask) llmtest.Reply {
	reply := llmtest.Say("Two pages of the handbook are new: how tasks move over from Celery, and which of its settings are kept.")
	all := strings.Join(a.Conversation, "\n")
	switch {
	case !strings.HasPrefix(a.Last(), "result "):
		reply = llmtest.Use("search_documents", `{"words":"lost worker"}`)
	case strings.Contains(all, `"ada"`):
		reply = llmtest.Use("enqueue", `{"kind":"scrape_page","payload":{"url":"https://example.org/handbook/lost-workers"}}`)
		reply.Text = "The page about lost workers is not there yet. It should be read first."
	case strings.Contains(all, `"mia"`), strings.Contains(all, `"kenji"`):
		reply.Delay = time.Hour
	}
	reply.Usage = llm.Usage{Input: int64(900 + len(all)/4), Output: 140}
	return reply
}

// strangers are what belongs to others: a shop whose page of prices is broken, and a chat that takes
// messages and hangs up, so that nobody knows whether they have arrived.
func strangers() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prices", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the list of prices is being made", http.StatusInternalServerError)
	})
	mux.HandleFunc("POST /hook", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	return httptest.NewServer(mux)
}

// past is how much of the past the charts are given: nobody waits an hour for pictures.
const past = time.Hour

// remember makes up figures for the charts, as that much work would have left them.
func remember(ctx context.Context, r *miniredis.Miniredis) error {
	client := redis.NewClient(&redis.Options{Addr: r.Addr()})
	defer func() { _ = client.Close() }()
	counter := series.NewCounter(series.NewStore(client, prefix), zap.NewNop())
	random := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // every picture is the same
	now := time.Now()
	defer r.SetTime(time.Time{}) // its own clock again
	for at := now.Add(-past); at.Before(now); at = at.Add(time.Minute) {
		r.SetTime(at)
		rush := 1 + math.Sin(at.Sub(now).Minutes()/9)
		for queue, each := range map[string]float64{"scraping": 40, "briefings": 6, "agents": 9} {
			n := int(each * (1 + rush + random.Float64()))
			for range n {
				outcome := tasks.OutcomeSucceeded
				switch d := random.IntN(60); {
				case d == 0:
					outcome = tasks.OutcomeDead
				case d < 4:
					outcome = tasks.OutcomeRetried
				}
				wait := time.Duration((1 + random.ExpFloat64()*(1+4*rush)) * float64(time.Millisecond))
				took := time.Duration((50 + random.ExpFloat64()*400) * float64(time.Millisecond))
				if queue == "agents" {
					wait, took = 40*wait, 30*took
				}
				counter.Ended(queue, outcome, wait, took)
			}
			minute := at.Unix() / 60
			r.HSet(fmt.Sprintf("%s{series:%s}:%d", prefix, queue, minute/60*3600), fmt.Sprintf("s%d", minute%60),
				fmt.Sprintf("%d,%d,0,1,0,%d", n/9, min(8, n/7), 20*n))
		}
		counter.Flush(ctx)
	}
	return ctx.Err()
}

// prefix is that of the keys, as it is by default.
const prefix = "switchyard:"
