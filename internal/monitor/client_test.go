package monitor

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestAClientIsWhomTheProxiesSay(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:80", nil, "192.0.2.1"},
		{"192.0.2.1:80", []string{"198.51.100.1"}, "192.0.2.1"}, // no proxy of ours
		{"127.0.0.1:80", nil, "127.0.0.1"},
		{"127.0.0.1:80", []string{""}, "127.0.0.1"},
		{"127.0.0.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"127.0.0.1:80", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"}, // the first is invented
		{"127.0.0.1:80", []string{"198.51.100.1, 10.1.2.3"}, "198.51.100.1"},
		{"127.0.0.1:80", []string{"198.51.100.1", "10.1.2.3"}, "198.51.100.1"},
		{"127.0.0.1:80", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"127.0.0.1:80", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"127.0.0.1:80", []string{"198.51.100.1, unknown"}, "127.0.0.1"},
		{"[::ffff:127.0.0.1]:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"127.0.0.1:80", []string{"10.1.2.3"}, "10.1.2.3"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = tt.peer, tt.forwarded
		if got := (gate{proxies: proxies}).client(r); got.String() != tt.want {
			t.Errorf("%s for %q is %s, want %s", tt.peer, tt.forwarded, got, tt.want)
		}
	}
}

// signInFrom asks for a page from an address of this machine, and returns the status.
func signInFrom(ctx context.Context, from, url, name, password string) (int, string, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	r.SetBasicAuth(name, password)
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header.Get("Retry-After"), err
}

func TestAHundredBadSignInsAreCheapAndToldOnce(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	h := newHandler(t, func(o *Options) {
		withUsers(t)(o)
		o.Log = zap.New(core)
	})
	server := httptest.NewServer(h)
	defer server.Close()
	var mu sync.Mutex
	statuses := map[int]int{}
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			status, after, err := signInFrom(t.Context(), "127.0.0.1", server.URL, "rea", fmt.Sprint("guess", i))
			if err != nil || status == http.StatusTooManyRequests && (after < "1" || after > "5") {
				t.Errorf("%d, after %q: %v", status, after, err)
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	all.Wait()
	if statuses[401] != freeFailures || statuses[429] != 100-freeFailures {
		t.Errorf("statuses %v, want %d of 401 and %d of 429", statuses, freeFailures, 100-freeFailures)
	}
	if status, _, err := signInFrom(t.Context(), "127.0.0.2", server.URL, "rea", "look"); status != http.StatusOK || err != nil {
		t.Errorf("a reader from elsewhere: %d, %v", status, err)
	}
	if n := logged.Len(); n != 1 {
		t.Errorf("%d log lines, want 1: %v", n, logged.All())
	}
}
