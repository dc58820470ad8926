package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"switchyard/internal/redact"
)

// checkTimeout bounds all checks of one readiness request.
const checkTimeout = 2 * time.Second

// Check is one condition of readiness. It returns nil if it holds.
type Check struct {
	Name string
	Test func(ctx context.Context) error
}

// Health answers /healthz: the process is alive.
func Health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "ok")
	})
}

// Ready answers /readyz: 200 if every check holds, else 503. Either way it lists them.
func Ready(checks ...Check) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
		defer cancel()
		var body strings.Builder
		status := http.StatusOK
		for _, c := range checks {
			if err := c.Test(ctx); err != nil {
				status = http.StatusServiceUnavailable
				fmt.Fprintf(&body, "%s: %v\n", c.Name, err)
			} else {
				fmt.Fprintf(&body, "%s: ok\n", c.Name)
			}
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(redact.Process.Said(body.String())))
	})
}

// Metrics answers /metrics with what is registered and can be read. A collector that fails is
// counted in promhttp_metric_handler_errors_total, which the next answer has.
func Metrics(reg *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Registry: reg})
}

// Endpoint is the handler of a daemon that has no other pages.
func Endpoint(reg *prometheus.Registry, checks ...Check) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", Health())
	mux.Handle("GET /readyz", Ready(checks...))
	mux.Handle("GET /metrics", Metrics(reg))
	return mux
}

// Listen binds addr, so that an address in use is known before anything starts.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w: choose another address or stop what uses it", addr, err)
	}
	return l, nil
}

// Serve answers HTTP on l until ctx ends, then finishes the requests in hand. It keeps at most
// most connections open; those that come when so many are push out what waits for its client.
func Serve(ctx context.Context, l net.Listener, most int, handler http.Handler, log *zap.Logger) error {
	server := &http.Server{
		Handler:           working(handler),
		ConnContext:       remember,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          zap.NewStdLog(log),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(newDoor(l, most, log)) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // a client that does not finish must not hold up the exit
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
