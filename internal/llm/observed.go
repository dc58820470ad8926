package llm

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/telemetry"
)

// Metrics count what the models of a process are asked and what their answers take.
type Metrics struct {
	tokens   *prometheus.CounterVec
	cost     *prometheus.CounterVec
	duration *prometheus.HistogramVec
	errors   *prometheus.CounterVec
}

// NewMetrics returns the metrics of models. Those of the models named are there before they are
// asked.
func NewMetrics(models ...string) *Metrics {
	m := &Metrics{
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_model_tokens_total", Help: "Tokens of answered requests, by type: input, cached_input (a part of it), output.",
		}, []string{"model", "type"}),
		cost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_model_cost_total", Help: "What answers cost, in the currency of the configured prices.",
		}, []string{"model"}),
		// The buckets are those of the GenAI conventions' gen_ai.client.operation.duration.
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "switchyard_model_request_duration_seconds", Help: "How long requests to models took, failed ones too.",
			Buckets: []float64{.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92},
		}, []string{"model"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchyard_model_errors_total", Help: "Requests without an answer, by class: rate_limited, overloaded, timeout, broken, too_long, unauthorized, invalid, or cancelled by us.",
		}, []string{"model", "class"}),
	}
	for _, model := range models {
		m.count(model, Usage{}, 0)
		m.duration.WithLabelValues(model)
		for _, class := range []Class{RateLimited, Overloaded, TimedOut, Broken, TooLong, Unauthorized, Invalid, cancelled} {
			m.errors.WithLabelValues(model, string(class))
		}
	}
	return m
}

// Register registers the metrics with reg.
func (m *Metrics) Register(reg prometheus.Registerer) {
	reg.MustRegister(m.tokens, m.cost, m.duration, m.errors)
}

// cancelled is the class of a request that was given up from our side.
const cancelled = "cancelled"

// observed prices the answers of a model, and tells of the requests in metrics and in spans.
type observed struct {
	Model
	name       string
	definition Definition
	metrics    *Metrics
}

// Ask implements [Model].
func (o observed) Ask(ctx context.Context, r Request, told func(string)) (Answer, error) {
	d := o.definition
	ctx, span := telemetry.Start(ctx, trace.SpanKindClient, "chat "+d.Model, telemetry.Asking(d.vendor(), d.Model, d.BaseURL, r.MaxTokens)...)
	content := telemetry.HasContent(ctx)
	if content {
		span.SetAttributes(telemetry.Instructions(r.Instructions), telemetry.Asked(messagesOf(r.Turns)))
	}
	began, first := time.Now(), time.Duration(0)
	answer, err := o.Model.Ask(ctx, r, func(piece string) {
		if first == 0 {
			first = time.Since(began)
		}
		told(piece)
	})
	o.metrics.duration.WithLabelValues(o.name).Observe(time.Since(began).Seconds())
	if err != nil {
		class := classNamed(err)
		o.metrics.errors.WithLabelValues(o.name, class).Inc()
		telemetry.End(ctx, span, err, class)
		return answer, err
	}
	used := r.usageOf(answer)
	answer.Usage, answer.Cost = used, d.Price.Of(used)
	o.metrics.count(o.name, used, answer.Cost)
	span.SetAttributes(telemetry.Answered(telemetry.Answer{
		Model: answer.Model, Finish: string(answer.Stop), Input: used.Input, Cached: used.Cached, Output: used.Output, Cost: answer.Cost, First: first,
	})...)
	if content {
		span.SetAttributes(telemetry.Said(messageOf(answer)))
	}
	span.End()
	return answer, nil
}

func (m *Metrics) count(model string, used Usage, cost float64) {
	for kind, n := range map[string]int64{"input": used.Input, "cached_input": used.Cached, "output": used.Output} {
		m.tokens.WithLabelValues(model, kind).Add(float64(n))
	}
	m.cost.WithLabelValues(model).Add(cost)
}

func classNamed(err error) string {
	var failure *Error
	if errors.As(err, &failure) {
		return string(failure.Class)
	}
	return cancelled
}

// vendor is the GenAI conventions' name of whose API a model is asked by.
func (d Definition) vendor() string {
	if d.API == Messages {
		return "anthropic"
	}
	return "openai"
}

// messagesOf returns a conversation as spans hold it.
func messagesOf(turns []Turn) []telemetry.Message {
	var all []telemetry.Message
	for _, turn := range turns {
		switch {
		case turn.Answer != nil:
			all = append(all, messageOf(*turn.Answer))
		case len(turn.Results) > 0:
			m := telemetry.Message{Role: "tool"}
			for _, r := range turn.Results {
				m.Parts = append(m.Parts, telemetry.Part{Type: "tool_call_response", ID: r.Call, Response: r.Text})
			}
			all = append(all, m)
		default:
			all = append(all, telemetry.Message{Role: "user", Parts: []telemetry.Part{{Type: "text", Content: turn.User}}})
		}
	}
	return all
}

// messageOf returns an answer as spans hold it.
func messageOf(a Answer) telemetry.Message {
	m := telemetry.Message{Role: "assistant", Finish: string(a.Stop), Parts: []telemetry.Part{}}
	if a.Text != "" {
		m.Parts = append(m.Parts, telemetry.Part{Type: "text", Content: a.Text})
	}
	for _, c := range a.Calls {
		arguments := json.RawMessage(c.Arguments)
		if !json.Valid(arguments) {
			arguments, _ = json.Marshal(c.Arguments) // a string always can be
		}
		m.Parts = append(m.Parts, telemetry.Part{Type: "tool_call", ID: c.ID, Name: c.Name, Arguments: arguments})
	}
	return m
}
