package agents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"switchyard/internal/control"
	"switchyard/internal/tasks"
)

func TestWorkThatMayGoOnAfterAPauseIsNotStartedTwice(t *testing.T) {
	for name, deaf := range map[string]func(w http.ResponseWriter){
		"the DELETE is cut off": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"there is no DELETE":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusMethodNotAllowed) },
		"a gateway has lost it": func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			gets := 0
			s := newService(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/runs/7")
				switch r.Method {
				case http.MethodDelete:
					deaf(w)
					return
				case http.MethodGet:
					gets++
				}
				if gets > 1 {
					_, _ = io.WriteString(w, `"done"`)
					return
				}
				if gets == 1 {
					cancel(control.ErrPaused)
				}
				w.WriteHeader(http.StatusAccepted)
			})
			b := newBooks(t)
			if _, err := s.attempt(ctx, b, 1); !errors.Is(err, control.ErrPaused) {
				t.Errorf("first attempt: %v, want ErrPaused", err)
			}
			if result, err := s.attempt(t.Context(), b, 2); err != nil || fmt.Sprintf("%s", result) != `"done"` {
				t.Errorf("second attempt: %s, %v", result, err)
			}
			s.wantAsked("POST /run, GET /runs/7, DELETE /runs/7, GET /runs/7")
		})
	}
}

func TestAnAnswerThatComesWithThePauseIsKept(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newService(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `"done"`) })
	client := s.server.Client()
	client.Transport = afterwards{client.Transport, func() { cancel(control.ErrPaused) }}
	if result, err := s.call(ctx); err != nil || fmt.Sprintf("%s", result) != `"done"` {
		t.Errorf("result %s, %v", result, err)
	}
	s.wantAsked("POST /run")
}

// afterwards does something when an answer has been read.
type afterwards struct {
	http.RoundTripper
	do func()
}

func (a afterwards) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := a.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(strings.NewReader(string(body)))
	a.do()
	return response, err
}

func TestAServiceThatStillWorksOnTheFirstCallIsAskedAgain(t *testing.T) {
	posts := 0
	s := newService(t, func(w http.ResponseWriter, _ *http.Request) {
		switch posts++; posts {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
		case 2:
			w.WriteHeader(http.StatusConflict)
		default:
			_, _ = io.WriteString(w, `"done"`)
		}
	})
	b := newBooks(t)
	for number, want := range []string{`the service answers 502: ""`, "the service answers 409 to a call that it may have had before: it is asked again", ""} {
		_, err := s.attempt(t.Context(), b, number+1)
		if want == "" && err != nil || want != "" && (fmt.Sprint(err) != want || tasks.IsPermanent(err)) {
			t.Errorf("attempt %d: %v, want %q", number+1, err, want)
		}
	}
	fresh := newService(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) })
	if _, err := fresh.call(t.Context()); !tasks.IsPermanent(err) {
		t.Errorf("409 to a first call: %v, want the end", err)
	}
}
