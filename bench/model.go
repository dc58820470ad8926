package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"switchyard/test/llmtest"
)

// ModelAgent is the bench's agent that is a language model: one that searches in vain, again
// and again, and then answers.
const ModelAgent = "bench_model"

// The workload model.
const (
	modelRuns     = 20
	modelSearches = 15
	modelCrowd    = 200 // runs at once
)

// oracle is the model. It notes how long after an answer the next request of the same run
// came: all that time was not the model's.
type oracle struct {
	mu       sync.Mutex
	answered map[string]time.Time // by what the conversation begins with
	gaps     []time.Duration
	asked    int
	hold     chan struct{} // not nil: answers wait until it is closed
	waiting  chan struct{} // gets one for each that does
}

func (o *oracle) script(ask llmtest.Ask) llmtest.Reply {
	came := time.Now()
	o.mu.Lock()
	o.asked++
	if at, ok := o.answered[ask.Conversation[0]]; ok {
		o.gaps = append(o.gaps, came.Sub(at))
	}
	hold := o.hold
	o.mu.Unlock()
	if hold != nil {
		o.waiting <- struct{}{}
		<-hold
	}
	results := 0
	for _, line := range ask.Conversation {
		if strings.HasPrefix(line, "result ") {
			results++
		}
	}
	if results < modelSearches && hold == nil {
		return llmtest.Use("search_documents", fmt.Sprintf(`{"words":"tide %d"}`, results))
	}
	return llmtest.Say("Nothing is new.")
}

func (o *oracle) heard(ask llmtest.Ask) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answered[ask.Conversation[0]] = time.Now()
}

// model measures what a step of a model's agent takes beside the model, and what many runs
// at once hold.
func (r *run) model(ctx context.Context) (err error) {
	ctx, cancel := phase(ctx, "model", 5*time.Minute)
	defer cancel()
	o := &oracle{answered: map[string]time.Time{}, waiting: make(chan struct{}, modelCrowd)}
	server, err := llmtest.Start(o.script)
	if err != nil {
		return err
	}
	defer server.Close()
	server.Heard = o.heard
	a, err := r.openAgency(ctx, agencyOptions{workers: 1, slots: modelCrowd, perUser: modelCrowd, model: server.URL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if err := r.modelSteps(ctx, o); err != nil {
		return err
	}
	return r.modelCrowd(ctx, o, a)
}

// modelSteps has one run after the other search, and reports the time between an answer and
// the next request.
func (r *run) modelSteps(ctx context.Context, o *oracle) error {
	const what = "model, one run"
	for i := range modelRuns {
		if _, err := r.startAgent(ctx, ModelAgent, fmt.Sprintf("bench-user-%d", i), fmt.Sprintf("model-%d", i)); err != nil {
			return err
		}
		if _, err := r.emptied(ctx, what); err != nil {
			return err
		}
	}
	left, err := r.settle(ctx, r.Agents.Queue)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	asked := modelRuns * (modelSearches + 1)
	r.report.Counts = append(r.report.Counts, Count{
		Phase: what + ", answers", System: systemName(true), Enqueued: asked, Handled: min(o.asked, asked), Repeated: max(0, o.asked-asked), Left: left,
	})
	if len(o.gaps) == 0 {
		return nil
	}
	slices.Sort(o.gaps)
	for _, p := range []float64{50, 99} {
		r.report.add(Figure{
			ID: fmt.Sprintf("model.step.p%.0f", p), Label: fmt.Sprintf("from a model's answer to its next request, with a search, p%.0f", p), Unit: "ms", Better: "lower",
			Ours: once(milliseconds(percentile(o.gaps, p))),
		})
	}
	return nil
}

// modelCrowd holds many runs in the middle of an answer, and reads what their worker holds.
func (r *run) modelCrowd(ctx context.Context, o *oracle, a *agency) error {
	what := fmt.Sprintf("model, %d runs", modelCrowd)
	o.mu.Lock()
	o.hold = make(chan struct{})
	before := o.asked
	o.mu.Unlock()
	release := sync.OnceFunc(func() { close(o.hold) })
	defer release()
	for i := range modelCrowd {
		if _, err := r.startAgent(ctx, ModelAgent, fmt.Sprintf("bench-user-%d", i), fmt.Sprintf("model-crowd-%d", i)); err != nil {
			return err
		}
	}
	for i := range modelCrowd {
		r.Progress(what, i, modelCrowd)
		select {
		case <-o.waiting:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	mib, known, err := residentMiB(a.workers[0])
	if err != nil {
		return err
	}
	release()
	left, err := r.emptied(ctx, what)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	r.report.Counts = append(r.report.Counts, Count{
		Phase: what, System: systemName(true), Enqueued: modelCrowd, Handled: min(o.asked-before, modelCrowd), Repeated: max(0, o.asked-before-modelCrowd), Left: left,
	})
	if known {
		r.report.add(Figure{
			ID: "model.memory", Label: fmt.Sprintf("memory of a worker with %d runs in the middle of an answer", modelCrowd), Unit: "MiB", Better: "lower", Ours: once(mib),
		})
	}
	return nil
}
