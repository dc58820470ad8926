package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// TestNoWayLeadsIntoAPrivateNetwork goes through URLs that others have found to. A server listens on
// this machine, and all names lead to it.
func TestNoWayLeadsIntoAPrivateNetwork(t *testing.T) {
	text, err := os.ReadFile("testdata/private-urls.txt")
	if err != nil {
		t.Fatal(err)
	}
	var reached atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, raw := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		raw = strings.NewReplacer("21410", port, "21411", port).Replace(raw)
		f := NewFetcher(Options{})
		f.transport.DialContext = (&net.Dialer{Control: guard.Safe, Resolver: lying()}).DialContext
		page, err := f.Fetch(t.Context(), Request{URL: raw})
		if err == nil {
			t.Errorf("%q was fetched: %+v", raw, page)
		}
		if u, invalid := ParseURL(raw); invalid == nil && net.ParseIP(u.Hostname()) != nil && !errors.Is(err, ErrPrivate) {
			t.Errorf("%q: %v, want a private address", raw, err)
		}
		f.Close()
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("the server of this machine was reached %d times", n)
	}
}

// TestTheServerOfPrivateURLsCanBeReached shows that the names above would lead to the server.
func TestTheServerOfPrivateURLsCanBeReached(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	f := fetcher(t, Options{})
	f.transport.DialContext = (&net.Dialer{Resolver: lying()}).DialContext
	if failed := failure(t, f, "http://rebind.test:"+port+"/"); failed.Status != 404 {
		t.Error(failed)
	}
}

// lying returns a resolver for which every name is this machine's.
func lying() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answerDNS(theirs)
		return ours, nil
	}}
}

// answerDNS answers questions over a stream, each behind its length.
func answerDNS(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		question := make([]byte, 1500)
		n, err := conn.Read(question)
		if err != nil || n < 14 {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(question[2:n]) != nil || len(m.Questions) != 1 {
			return
		}
		m.Response, m.Additionals = true, nil
		q := m.Questions[0]
		if q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		answer, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte{byte(len(answer) >> 8), byte(len(answer))}, answer...)); err != nil {
			return
		}
	}
}
