package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStatusesSayWhetherARetryHelps(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(status)
	})
	f := fetcher(t, Options{})
	for status, temporary := range map[int]bool{
		304: false, 400: false, 401: false, 403: false, 404: false, 410: false,
		408: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true,
	} {
		failed := failure(t, f, fmt.Sprintf("%s/%d", url, status))
		wantFailure(t, failed, temporary, fmt.Sprintf("the server answered %d %s", status, http.StatusText(status)))
		want := time.Duration(0)
		if temporary {
			want = 2 * time.Minute
		}
		if failed.Status != status || failed.RetryAfter != want {
			t.Errorf("status %d, retry after %s, want %d and %s", failed.Status, failed.RetryAfter, status, want)
		}
	}
}

func TestRetryAfterIsSecondsOrADateWithinADay(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"90":                            90 * time.Second,
		"0":                             0,
		"-5":                            0,
		"999999999":                     MaxRetryAfter,
		"99999999999999999999":          0,
		"Sun, 01 Mar 2026 12:05:00 GMT": 5 * time.Minute,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
		"Sun, 01 Mar 2099 12:00:00 GMT": MaxRetryAfter,
		"soon":                          0,
		"":                              0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", value, got, want)
		}
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	f := NewFetcher(Options{})
	defer f.Close()
	for _, host := range []string{
		"127.0.0.1", "localhost", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
	} {
		wantPrivate(t, failure(t, f, "http://"+host+":9/"))
	}
	// Not every machine can make a socket for these.
	for _, addr := range []string{"::1", "::ffff:127.0.0.1", "fe80::1", "fd00::1", "64:ff9b::7f00:1", "2002:7f00:1::"} {
		if guard.SafeAddr(netip.MustParseAddr(addr)) == nil {
			t.Errorf("%s is let through", addr)
		}
	}
}

// TestRedirectFromPublicToPrivateIsRefused plays the public server over a pipe, as no
// test may depend on a real one. The address it redirects to is dialled as always.
func TestRedirectFromPublicToPrivateIsRefused(t *testing.T) {
	reached := false
	private := serve(t, func(http.ResponseWriter, *http.Request) { reached = true })
	f := NewFetcher(Options{})
	defer f.Close()
	dial := f.transport.DialContext
	f.transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr != "public.example:80" {
			return dial(ctx, network, addr)
		}
		return answering(t, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: "+private+"\r\n\r\n"), nil
	}
	wantPrivate(t, failure(t, f, "http://public.example/"))
	if reached {
		t.Fatal("the private server was reached")
	}
}

func TestRefusedAndBrokenConnectionsAreTemporary(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	wantFailure(t, failure(t, fetcher(t, Options{}), gone.URL), true, "dial tcp "+gone.Listener.Addr().String()+": connect: connection refused")

	cut := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
	})
	wantFailure(t, failure(t, fetcher(t, Options{}), cut), true, "unexpected EOF")
}

func TestOnlyANameThatDoesNotExistIsPermanent(t *testing.T) {
	for _, missing := range []bool{true, false} {
		err := fmt.Errorf("dial: %w", &net.DNSError{Err: "no answer", Name: "example.com", IsNotFound: missing})
		if temporary(err) == missing {
			t.Errorf("name missing %v: temporary %v", missing, temporary(err))
		}
	}
}

func TestUntrustedCertificateIsPermanent(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake the client breaks off
	s.StartTLS()
	defer s.Close()
	wantFailure(t, failure(t, fetcher(t, Options{}), s.URL), false, "tls: failed to verify certificate: x509: certificate signed by unknown authority")
}

func TestSilentAndTricklingServersTimeOut(t *testing.T) {
	for name, answer := range map[string]func(net.Conn){
		"silent": func(net.Conn) {},
		"trickling": func(c net.Conn) {
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
			for err == nil {
				time.Sleep(time.Second)
				_, err = io.WriteString(c, ".")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := fetcher(t, Options{})
				f.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
					return conversing(t, answer), nil
				}
				start := time.Now()
				wantFailure(t, failure(t, f, "http://slow.example/"), true, "no complete answer after 30s: the server is too slow")
				if took := time.Since(start); took != 30*time.Second {
					t.Fatalf("gave up after %s, want 30s", took)
				}
			})
		})
	}
}

// answering returns a connection to a server that says answer and hangs up.
func answering(t *testing.T, answer string) net.Conn {
	return conversing(t, func(c net.Conn) {
		_, _ = io.WriteString(c, answer)
		_ = c.Close()
	})
}

// conversing returns a connection to a server that reads one request, then runs answer
// and waits for the client to hang up.
func conversing(t *testing.T, answer func(net.Conn)) net.Conn {
	client, server := net.Pipe()
	var serving sync.WaitGroup
	serving.Go(func() {
		requests := bufio.NewReader(server)
		if _, err := http.ReadRequest(requests); err == nil {
			answer(server)
		}
		_, _ = io.Copy(io.Discard, requests)
	})
	t.Cleanup(serving.Wait)
	return client
}
