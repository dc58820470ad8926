package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheFirstSignalQuietsAndTheDeadlineEndsTheDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, done := make(chan os.Signal), make(chan struct{})
		stop, ended := watch(signals, done, time.Minute)
		signals <- syscall.SIGTERM
		<-stop.Quiet.Done()
		started := time.Now()
		<-stop.Drain.Done()
		if took := time.Since(started); took != time.Minute {
			t.Errorf("drained for %s, want 1m", took)
		}
		<-ended
	})
}

func TestASecondSignalEndsTheDrainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, done := make(chan os.Signal), make(chan struct{})
		stop, ended := watch(signals, done, time.Hour)
		signals <- syscall.SIGTERM
		<-stop.Quiet.Done()
		time.Sleep(time.Second)
		if stop.Drain.Err() != nil {
			t.Error("drain ended by one signal")
		}
		started := time.Now()
		signals <- syscall.SIGTERM
		<-stop.Drain.Done()
		if took := time.Since(started); took != 0 {
			t.Errorf("took %s", took)
		}
		<-ended
	})
}

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	good := Check{"redis", func(context.Context) error { return nil }}
	bad := Check{"lanes", func(context.Context) error { return errors.New("not consuming") }}
	for _, tc := range []struct {
		checks []Check
		status int
		body   string
	}{
		{[]Check{good}, http.StatusOK, "redis: ok\n"},
		{[]Check{good, bad}, http.StatusServiceUnavailable, "redis: ok\nlanes: not consuming\n"},
	} {
		w := httptest.NewRecorder()
		Endpoint(prometheus.NewRegistry(), tc.checks...).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != tc.status || w.Body.String() != tc.body {
			t.Errorf("%d %q, want %d %q", w.Code, w.Body, tc.status, tc.body)
		}
	}
}

// broken is a collector that fails.
type broken struct{}

func (broken) Describe(chan<- *prometheus.Desc) {}

func (broken) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "It is.", nil, nil), errors.New("away"))
}

func TestACollectorThatFailsIsCountedAndHidesNoOther(t *testing.T) {
	reg := prometheus.NewRegistry()
	sound := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sound", Help: "It is."})
	reg.MustRegister(broken{}, sound)
	metrics := Metrics(reg)
	for failures := range 2 {
		w := httptest.NewRecorder()
		metrics.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		counted := "promhttp_metric_handler_errors_total{cause=\"gathering\"} " + strconv.Itoa(failures)
		if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "\nsound 0\n") || !strings.Contains(body, counted) {
			t.Errorf("scrape %d: %d, want 200 with %q:\n%s", failures, w.Code, counted, body)
		}
	}
}

func TestServeAnswersUntilItsContextEnds(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(l.Addr().String()); fmt.Sprint(err) != fmt.Sprintf("listen on %q: listen tcp %[1]s: bind: address already in use: choose another address or stop what uses it", l.Addr().String()) {
		t.Errorf("a port in use: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, FewConnections, Endpoint(prometheus.NewRegistry()), zap.NewNop()) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, want := range map[string]string{"/healthz": "ok", "/metrics": ""} {
		r, err := client.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if r.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %q", path, r.StatusCode, body)
		}
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

type pinger []error

func (p *pinger) Check(context.Context) error {
	err := (*p)[0]
	*p = (*p)[1:]
	return err
}

func TestARedisThatComesLateIsAwaitedWithOneLineEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		away := errors.New("connection refused")
		if err := AwaitRedis(t.Context(), &pinger{away, away, away, nil}, zap.New(core)); err != nil {
			t.Error(err)
		}
		if logs.Len() != 2 {
			t.Errorf("%d log lines, want 2: %v", logs.Len(), logs.All())
		}
	})
}

func TestARefusedLoginIsNotWaitedFor(t *testing.T) {
	p := &pinger{errors.New("WRONGPASS invalid username-password pair")}
	if err := AwaitRedis(t.Context(), p, zap.NewNop()); fmt.Sprint(err) != "redis refused the login: WRONGPASS invalid username-password pair: check the user and password of redis.url or redis.password; those of sentinels are sentinel_username and sentinel_password in redis.url" {
		t.Errorf("error %v", err)
	}
}

func TestABadLogLevelIsNamed(t *testing.T) {
	if _, err := NewLogger("loud", FormatJSON); fmt.Sprint(err) != `log level "loud": use debug, info, warn or error` {
		t.Errorf("error %v", err)
	}
}
