// Package telemetry says in OpenTelemetry's terms what a process does: a span for a task
// that is sent, for an attempt at it, and within that for the agent, its steps, what a model
// was asked and what a tool was called with. A trace begins where a task is sent and goes on
// where it is performed: its headers carry it through the queue.
//
// Nothing is sent anywhere unless the environment names a collector. Spans hold what a model
// was asked and what it answered only where a context allows it.
package telemetry

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// scope names who has made a span.
const scope = "switchyard"

// closeWithin bounds how long a process that ends waits for its last spans to be taken.
const closeWithin = 5 * time.Second

// Traces is where the spans of a process go.
type Traces struct {
	trace.TracerProvider
	close func(ctx context.Context) error
}

// Open returns the traces of a process. They go to the collector that
// OpenTelemetry's variables name, which also say how much is sent and what it is marked with:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Without
// OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_TRACES_EXPORTER they
// go nowhere. What goes wrong while spans are sent is said in log, and holds up no task.
func Open(log *zap.Logger) (*Traces, error) {
	wanted, err := isWanted()
	if err != nil {
		return nil, err
	}
	if !wanted {
		return None(), nil
	}
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w: look at the variables OTEL_EXPORTER_OTLP_…", err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("switchyard")), resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithProcessExecutableName(), resource.WithProcessPID(),
		resource.WithFromEnv()) // last: it has the last word
	if err != nil {
		return nil, fmt.Errorf("traces: %w: look at the variable OTEL_RESOURCE_ATTRIBUTES", err)
	}
	// One line in a minute: a collector that is away is away for each batch.
	log = log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Minute, 1, 0)
	}))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are lost", zap.Error(err)) }))
	return To(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about)), nil
}

// To returns traces that go where the SDK's options say.
func To(options ...sdktrace.TracerProviderOption) *Traces {
	provider := sdktrace.NewTracerProvider(options...)
	return &Traces{provider, provider.Shutdown}
}

// None returns traces that go nowhere.
func None() *Traces {
	return &Traces{noop.NewTracerProvider(), func(context.Context) error { return nil }}
}

// GoNowhere reports whether the spans of a provider are thrown away: what describes them need
// not be worked out.
func GoNowhere(provider trace.TracerProvider) bool {
	t, ours := provider.(*Traces)
	if !ours {
		return false
	}
	_, none := t.TracerProvider.(noop.TracerProvider)
	return none
}

// Close sends what has not been sent.
func (t *Traces) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	if err := t.close(ctx); err != nil {
		return fmt.Errorf("send the last spans: %w", err)
	}
	return nil
}

// isWanted reports whether the environment asks for traces. The error is of a variable that
// asks for what we do not have.
func isWanted() (bool, error) {
	if off, err := strconv.ParseBool(os.Getenv("OTEL_SDK_DISABLED")); err == nil && off {
		return false, nil
	}
	exporter := os.Getenv("OTEL_TRACES_EXPORTER")
	switch exporter {
	case "none":
		return false, nil
	case "", "otlp":
	default:
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER is %q: use otlp or none", exporter)
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch protocol := os.Getenv(name); protocol {
		case "", "http/protobuf", "http/json":
		default:
			return false, fmt.Errorf("%s is %q: use http/protobuf, which collectors take on port 4318", name, protocol)
		}
	}
	return exporter != "" || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "", nil
}
