package cluster

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// service is what the agent of the tests calls: each attempt is one request, which ends when the test says so.
type service struct {
	*httptest.Server
	begun chan answer

	mu      sync.Mutex
	running int
}

// answer ends one attempt with a status.
type answer chan int

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{begun: make(chan answer, 100)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// ServeHTTP is one attempt.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // only then is a worker that dies noticed
	s.count(1)
	defer s.count(-1)
	end := make(answer, 1)
	s.begun <- end
	select {
	case status := <-end:
		w.WriteHeader(status)
	case <-r.Context().Done():
	}
}

func (s *service) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running += n
}

// attempts returns how many run now.
func (s *service) attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running
}
