package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// site is a web site on loopback whose pages answer nobody at the first visit, so that a
// task which fetches one stays in its handler, and everybody from then on.
type site struct {
	url    string
	server *http.Server
	served chan error
	closed chan struct{}

	mu     sync.Mutex
	times  map[string]int // visits by path
	visits chan visit
}

// visit is one request for a page.
type visit struct {
	path string
	at   time.Time
}

func newSite() (*site, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for visits: %w", err)
	}
	s := &site{
		url: "http://" + listener.Addr().String(), served: make(chan error, 1), closed: make(chan struct{}),
		times: map[string]int{}, visits: make(chan visit, 100),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page/{name}", s.page)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	s.mu.Lock()
	s.times[r.URL.Path]++
	first := s.times[r.URL.Path] == 1
	s.mu.Unlock()
	select {
	case s.visits <- visit{r.URL.Path, at}:
	case <-s.closed:
	}
	if first {
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
		return
	}
	_, _ = fmt.Fprint(w, "<title>A page</title><p>Long enough to be read as the text of a page, and no longer.")
}

// await returns when the next visit of path was. It tells waiting each second how long it
// has waited.
func (s *site) await(ctx context.Context, path string, waiting func(time.Duration)) (time.Time, error) {
	began := time.Now()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case v := <-s.visits:
			if v.path == path {
				return v.at, nil
			}
		case <-ticker.C:
			waiting(time.Since(began))
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		}
	}
}

// total returns how many visits there were of the given paths.
func (s *site) total(paths []string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := 0
	for _, path := range paths {
		sum += s.times[path]
	}
	return sum
}

// close ends all visits.
func (s *site) close() error {
	close(s.closed)
	err := s.server.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
