// Package llmtest is a model server for tests and measurements: it speaks the wire formats
// of the real ones over HTTP, as streams, and answers what a script says. It understands
// nothing.
package llmtest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"switchyard/internal/llm"
)

// Ask is a request as the server got it, whatever the format.
type Ask struct {
	API          string // as [llm.Definition] has it
	Key          string
	Model        string
	Instructions string
	// Conversation is the request's messages, as a line each: who speaks, and what.
	Conversation []string
	Tools        []string
	ToolChoice   string // how tools are to be used, "" if nothing is said
	MaxTokens    int
	Schema       json.RawMessage
	Header       http.Header
	Body         string // all of it

	past past
}

// Last returns the last line of the conversation.
func (a Ask) Last() string { return a.Conversation[len(a.Conversation)-1] }

// Server is a model server.
type Server struct {
	URL string // where it listens, without the path
	// Heard, if not nil, is called once an answer has been written to the end while whoever
	// asked was still there. It is set before the first request.
	Heard func(Ask)
	// RefuseNone has the server refuse requests in which tools are declared and none may be
	// called. It is set before the first request.
	RefuseNone bool

	script func(Ask) Reply
	server *http.Server
	served chan error
	closed chan struct{}
	mu     sync.Mutex
	asked  []Ask
	calls  int               // that were made up
	given  map[string]string // thoughts, by what they were given with
}

// Start starts a server on a free loopback port. The caller closes it. script is called by
// several goroutines.
func Start(script func(Ask) Reply) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + listener.Addr().String(), script: script, served: make(chan error, 1), closed: make(chan struct{}), given: make(map[string]string)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.serve(llm.Chat, readChat, writeChat))
	mux.HandleFunc("POST /v1/responses", s.serve(llm.Responses, readResponses, writeResponses))
	mux.HandleFunc("POST /v1/messages", s.serve(llm.Messages, readMessages, writeMessages))
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// Definition returns a model on the server, by its wire format.
func (s *Server) Definition(api string) llm.Definition {
	base := s.URL + "/v1"
	if api == llm.Messages {
		base = s.URL // its path has the version
	}
	return llm.Definition{API: api, Model: "scripted-1", BaseURL: base}
}

// Asked returns the requests so far.
func (s *Server) Asked() []Ask {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Close stops the server, and ends all requests.
func (s *Server) Close() {
	close(s.closed)
	_ = s.server.Close()
	if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
		panic(err) // nothing else ends it
	}
}

// stream writes the events of an answer.
type stream struct {
	w http.ResponseWriter
}

// event writes one, named if name is not "".
func (s stream) event(name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // of strings and numbers
	}
	if name != "" {
		_, _ = fmt.Fprintf(s.w, "event: %s\n", name)
	}
	_, _ = fmt.Fprintf(s.w, "data: %s\n\n", text)
	s.w.(http.Flusher).Flush()
}

func (s *Server) serve(api string, read func([]byte, *Ask) error, write func(stream, Reply)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		key := cmp.Or(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), r.Header.Get("X-Api-Key"))
		ask := Ask{API: api, Key: key, Header: r.Header, Body: string(body)}
		if err == nil {
			err = read(body, &ask)
		}
		s.mu.Lock()
		s.asked = append(s.asked, ask)
		s.mu.Unlock()
		if err == nil {
			err = s.check(ask)
		}
		if err != nil {
			refuse(w, api, Reply{Status: http.StatusBadRequest, Code: "invalid_request_error", Message: err.Error()})
			return
		}
		reply := s.prepare(s.script(ask), ask)
		select {
		case <-time.After(reply.Delay):
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		}
		if reply.Status != 0 {
			refuse(w, api, reply)
			return
		}
		s.give(api, reply)
		if reply.Whole {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(whole[api](reply))
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		write(stream{w}, reply)
		if reply.Cut {
			panic(http.ErrAbortHandler)
		}
		if s.Heard != nil && r.Context().Err() == nil {
			s.Heard(ask)
		}
	}
}

// prepare fills in what the script has left open.
func (s *Server) prepare(r Reply, ask Ask) Reply {
	r.Model = cmp.Or(r.Model, ask.Model)
	r.Stop = cmp.Or(r.Stop, llm.Ended)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range r.Calls {
		if r.Calls[i].ID == "" {
			s.calls++
			r.Calls[i].ID = fmt.Sprintf("call-%d", s.calls)
		}
	}
	return r
}

// refuse answers with an error, as the vendor would.
func refuse(w http.ResponseWriter, api string, r Reply) {
	w.Header().Set("Content-Type", "application/json")
	if r.RetryAfter != "" {
		w.Header().Set("Retry-After", r.RetryAfter)
	}
	w.WriteHeader(r.Status)
	if api == llm.Messages {
		_, _ = fmt.Fprintf(w, `{"type":"error","error":{"type":%q,"message":%q}}`, r.Code, r.Message)
		return
	}
	_, _ = fmt.Fprintf(w, `{"error":{"message":%q,"type":"error","code":%q}}`, r.Message, r.Code)
}

// halves splits a text, so that it comes in two pieces.
func halves(text string) []string {
	if len(text) < 2 {
		return []string{text}
	}
	half := len(text) / 2
	for half < len(text) && text[half]&0xC0 == 0x80 { // not in the middle of a character
		half++
	}
	return []string{text[:half], text[half:]}
}
