package apiclient

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"switchyard/internal/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "sy_jhm4tht2vlnh_LsJORiCx6QqVAqYhMRFC5wKklLeiPQXnbDYijKZO4nv"

// asked is a request as a server has got it.
type asked struct {
	method, path, key, token, body, last string
}

// server answers one request after the other as it is told, and the rest as the last.
type server struct {
	*httptest.Server
	mu  sync.Mutex
	got []asked
}

func serve(t *testing.T, answers ...http.HandlerFunc) (*server, *Client) {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		n := len(s.got)
		s.got = append(s.got, asked{r.Method, r.URL.RequestURI(), r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), string(body), r.Header.Get("Last-Event-ID")})
		s.mu.Unlock()
		answers[min(n, len(answers)-1)](w, r)
	}))
	c, err := New(Options{URL: s.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return s, c
}

func (s *server) asked() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// says answers with JSON.
func says(status int, v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
}

// refuses answers with a problem.
func refuses(p api.Problem) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(p.Status)
		_ = json.NewEncoder(w).Encode(p)
	}
}

// page answers as a proxy does that has nobody behind it.
func page(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// cut ends the connection without an answer.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
