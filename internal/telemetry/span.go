package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"switchyard/internal/redact"
)

// Start begins a span within that of ctx, which goes where that one goes. It costs next to
// nothing where that is nowhere.
func Start(ctx context.Context, kind trace.SpanKind, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return Begin(ctx, trace.SpanFromContext(ctx).TracerProvider(), kind, name, attributes...)
}

// Begin is Start for the first span of a process in a trace.
func Begin(ctx context.Context, provider trace.TracerProvider, kind trace.SpanKind, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	return provider.Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
}

// End ends a span. class is what kind of error err is. What err says is left to the log, which
// names the trace, unless ctx allows contents: it may quote a model or a page.
func End(ctx context.Context, span trace.Span, err error, class string) {
	if err != nil {
		Fail(ctx, span, err, class)
	}
	span.End()
}

// Fail marks a span, which goes on, as End does.
func Fail(ctx context.Context, span trace.Span, err error, class string) {
	span.SetAttributes(errorType.String(class))
	said := ""
	if HasContent(ctx) {
		said = strings.ToValidUTF8(fmt.Sprintf("%.1000s", redact.Process.Said(err.Error())), "")
	}
	span.SetStatus(codes.Error, said)
}

// wire is W3C's trace context: https://www.w3.org/TR/trace-context/.
var wire propagation.TraceContext

// Inject writes the trace of ctx, if it has one, into the headers that are to carry it.
func Inject(ctx context.Context, headers map[string]string) {
	wire.Inject(ctx, propagation.MapCarrier(headers))
}

// InjectHTTP is [Inject] for the headers of a request.
func InjectHTTP(ctx context.Context, headers http.Header) {
	wire.Inject(ctx, propagation.HeaderCarrier(headers))
}

// Extract returns ctx with the trace that headers carry. Headers that carry none, or no valid
// one, leave it as it is.
func Extract(ctx context.Context, headers map[string]string) context.Context {
	return wire.Extract(ctx, propagation.MapCarrier(headers))
}

// ID returns the ID of the trace of ctx, "" if it has none.
func ID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		return c.TraceID().String()
	}
	return ""
}

type contentKey struct{}

// WithContent returns a context under which spans hold what a model was asked and has
// answered, and what tools were given and brought.
func WithContent(ctx context.Context) context.Context {
	return context.WithValue(ctx, contentKey{}, true)
}

// HasContent reports whether they do.
func HasContent(ctx context.Context) bool {
	allowed, _ := ctx.Value(contentKey{}).(bool)
	return allowed
}
