package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen starts a collector that answers with a status, and returns where it listens and
// what it is sent.
func listen(t *testing.T, status int) (string, <-chan *collector.ExportTraceServiceRequest) {
	t.Helper()
	sent := make(chan *collector.ExportTraceServiceRequest, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		request := &collector.ExportTraceServiceRequest{}
		if err == nil {
			err = proto.Unmarshal(body, request)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL, err)
		}
		sent <- request
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, sent
}

func TestSpansGoToTheCollectorOfTheEnvironment(t *testing.T) {
	url, sent := listen(t, http.StatusOK)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=harbour")
	traces, err := Open(zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, outer := Begin(t.Context(), traces, trace.SpanKindProducer, "outer", SentAs("t1"))
	_, inner := Start(ctx, trace.SpanKindClient, "inner")
	inner.End()
	outer.End()
	if err := traces.Close(); err != nil {
		t.Fatal(err)
	}
	said := (<-sent).String()
	for _, want := range []string{`"inner"`, `"outer"`, `"messaging.message.id"`, `"harbour"`, `"service.name"`, `"switchyard"`} {
		if !strings.Contains(said, want) {
			t.Errorf("the collector was not told %s: %s", want, said)
		}
	}
}

func TestNothingIsSentUnlessTheEnvironmentAsksForIt(t *testing.T) {
	url, _ := listen(t, http.StatusOK)
	for name, env := range map[string]map[string]string{
		"no variables": {},
		"disabled":     {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_SDK_DISABLED": "true"},
		"no exporter":  {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url, "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range env {
				t.Setenv(key, value)
			}
			traces, err := Open(zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			_, span := Begin(t.Context(), traces, trace.SpanKindInternal, "work")
			if span.IsRecording() {
				t.Error("a span is recorded")
			}
		})
	}
}

func TestVariablesThatAskForWhatIsNotThereAreNamed(t *testing.T) {
	for key, tc := range map[string]struct{ value, want string }{
		"OTEL_TRACES_EXPORTER":               {"zipkin", `OTEL_TRACES_EXPORTER is "zipkin": use otlp or none`},
		"OTEL_EXPORTER_OTLP_PROTOCOL":        {"grpc", `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": use http/protobuf, which collectors take on port 4318`},
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": {"carrier pigeon", `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "carrier pigeon": use http/protobuf, which collectors take on port 4318`},
	} {
		t.Run(key, func(t *testing.T) {
			t.Setenv(key, tc.value)
			if _, err := Open(zap.NewNop()); fmt.Sprint(err) != tc.want {
				t.Errorf("error %v, want %s", err, tc.want)
			}
		})
	}
}

func TestACollectorThatRefusesIsSaidOnceAndHoldsUpNothing(t *testing.T) {
	url, sent := listen(t, http.StatusBadRequest)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
	core, logs := observer.New(zap.InfoLevel)
	traces, err := Open(zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, span := Begin(t.Context(), traces, trace.SpanKindInternal, "work")
		span.End()
	}
	_ = traces.Close()
	if len(sent) != 5 || logs.FilterMessage("traces are lost").Len() != 1 {
		t.Errorf("%d batches were refused, log %v; want 5 and one line", len(sent), logs.All())
	}
}

func TestATraceIsCarriedInHeaders(t *testing.T) {
	ctx, span := Begin(t.Context(), To(), trace.SpanKindProducer, "send")
	headers := map[string]string{"other": "x"}
	Inject(ctx, headers)
	got := trace.SpanContextFromContext(Extract(t.Context(), headers))
	if got.TraceID() != span.SpanContext().TraceID() || got.SpanID() != span.SpanContext().SpanID() || ID(ctx) != got.TraceID().String() {
		t.Errorf("%v of %v is not the span that was sent", got, headers)
	}
	for _, hostile := range []string{"", "00-0-0-00", "00-" + strings.Repeat("0", 32) + "-" + strings.Repeat("0", 16) + "-01", strings.Repeat("é", 5000)} {
		if ctx := Extract(t.Context(), map[string]string{"traceparent": hostile}); ID(ctx) != "" {
			t.Errorf("%.40q is taken for the trace %s", hostile, ID(ctx))
		}
	}
	empty := map[string]string{}
	if Inject(t.Context(), empty); len(empty) > 0 {
		t.Errorf("without a trace there is %v", empty)
	}
}

func TestWhatAnErrorSaysIsToldOnlyWhereAskedFor(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	traces := To(sdktrace.WithSyncer(spans))
	for _, ctx := range []context.Context{t.Context(), WithContent(t.Context())} {
		ctx, span := Begin(ctx, traces, trace.SpanKindInternal, "work")
		End(ctx, span, errors.New("the model refuses: \"no\""), "permanent")
	}
	all := spans.GetSpans()
	if want := (sdktrace.Status{Code: codes.Error}); all[0].Status != want {
		t.Errorf("status %+v, want %+v", all[0].Status, want)
	}
	if want := (sdktrace.Status{Code: codes.Error, Description: "the model refuses: \"no\""}); all[1].Status != want {
		t.Errorf("where it is asked for: status %+v, want %+v", all[1].Status, want)
	}
	if all[0].Attributes[0].Value.AsString() != "permanent" {
		t.Errorf("attributes %v, want the class", all[0].Attributes)
	}
}
