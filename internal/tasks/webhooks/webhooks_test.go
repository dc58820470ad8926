package webhooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"switchyard/internal/tasks"
	"switchyard/internal/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// deliverer returns one that may tell this machine, or not.
func deliverer(t *testing.T, private bool) *Deliverer {
	t.Helper()
	signer, err := web.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	poster := web.NewPoster(web.Options{Timeout: 200 * time.Millisecond, AllowPrivate: private})
	t.Cleanup(poster.Close)
	return &Deliverer{Signer: signer, Poster: poster, Show: func(s tasks.Status) any { return map[string]string{"id": s.ID} }, Now: time.Now}
}

func notice(url string) tasks.Notice {
	return tasks.Notice{ID: "x:hook0:abc", URL: url, At: time.Unix(1_900_000_000, 0).UTC(), Task: tasks.Status{ID: "x", State: tasks.StateSucceeded}}
}

// serve answers with a handler until the test ends.
func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAHookGetsASignedEventWithTheSameIDInEachTry(t *testing.T) {
	verify, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := verify.Verify(body, r.Header); err != nil {
			t.Errorf("signature: %v", err)
		}
		if want := `{"type":"task.succeeded","timestamp":"2030-03-17T17:46:40Z","data":{"id":"x"}}`; string(body) != want || r.Method != http.MethodPost {
			t.Errorf("%s %s, want %s", r.Method, body, want)
		}
		ids = append(ids, r.Header.Get("webhook-id"))
		w.WriteHeader(http.StatusNoContent)
	})
	d := deliverer(t, true)
	for range 2 {
		if _, err := d.deliver(t.Context(), nil, notice(url)); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(ids, " ") != "x:hook0:abc x:hook0:abc" {
		t.Errorf("ids %q", ids)
	}
}

func TestWhatFollowsFromTheAnswerOfAHook(t *testing.T) {
	const again, never = "again", "never"
	for status, want := range map[int]string{
		200: "", 204: "", 299: "", 301: again, 307: again, 400: again, 401: again, 404: again, 408: again, 410: never, 422: again, 425: again,
		429: again, 500: again, 503: again,
	} {
		followed := false
		var url string
		url = serve(t, func(w http.ResponseWriter, r *http.Request) {
			followed = followed || r.URL.Path == "/elsewhere"
			w.Header().Set("Location", url+"/elsewhere")
			w.WriteHeader(status)
		})
		_, err := deliverer(t, true).deliver(t.Context(), nil, notice(url))
		got := map[bool]string{true: never, false: again}[tasks.IsPermanent(err)]
		if err == nil {
			got = ""
		}
		if got != want || followed {
			t.Errorf("%d: %q (%v), want %q; a redirect was followed: %v", status, got, err, want, followed)
		}
	}
}

func TestRetryAfterIsHonouredUpToAnHour(t *testing.T) {
	for header, want := range map[string]time.Duration{"90": 90 * time.Second, "86400": time.Hour, "soon": 0} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		_, err := deliverer(t, true).deliver(t.Context(), nil, notice(url))
		if got, _ := tasks.RetryDelay(err); got != want || err == nil {
			t.Errorf("Retry-After: %s waits %s (%v), want %s", header, got, err, want)
		}
	}
}

func TestAHookOfThisNetworkIsRefusedForGood(t *testing.T) {
	asked := false
	url := serve(t, func(http.ResponseWriter, *http.Request) { asked = true })
	for _, address := range []string{url, strings.Replace(url, "127.0.0.1", "localhost", 1), "http://169.254.169.254/", "http://[::1]/"} {
		_, err := deliverer(t, false).deliver(t.Context(), nil, notice(address))
		if !errors.Is(err, web.ErrPrivate) || !tasks.IsPermanent(err) || asked {
			t.Errorf("%s: %v, asked: %v", address, err, asked)
		}
	}
}

func TestAHookThatHangsOrAnswersGarbageIsTriedAgain(t *testing.T) {
	for name, answer := range map[string]string{
		"hangs": "", "answers no HTTP": "\x00\x01\x02\r\n\r\n", "answers half a header": "HTTP/1.1 200 OK\r\nContent-Le",
		"never ends its header": "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 200),
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c, err := listener.Accept()
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }()
			_, _ = io.WriteString(c, answer)
			if answer == "" {
				_, _ = io.Copy(io.Discard, c) // until the other side has had enough
			}
		}()
		_, err = deliverer(t, true).deliver(t.Context(), nil, notice("http://"+listener.Addr().String()))
		if err == nil || tasks.IsPermanent(err) {
			t.Errorf("%s: %v, want another try", name, err)
		}
		_ = listener.Close()
		<-done
	}
}

func TestAnErrorNamesTheHookAndNoSecretInItsQuery(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	_, err := deliverer(t, true).deliver(t.Context(), nil, notice(url+"/hook?token=hunter2"))
	if want := fmt.Sprintf("post to %s/hook?…: the server answered 500 Internal Server Error", url); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestOnlyListedHostsAreTold(t *testing.T) {
	d := deliverer(t, true)
	d.Targets.Hosts = []string{"app.example.com"}
	if _, err := d.deliver(t.Context(), nil, notice("http://127.0.0.1:1/")); !tasks.IsPermanent(err) || err.Error() != `the host "127.0.0.1" is not among webhooks.allow: use one of app.example.com, or have it added` {
		t.Error(err)
	}
	if err := d.Targets.Check("https://APP.example.com:8443/hook"); err != nil {
		t.Error(err)
	}
	for _, address := range []string{"ftp://app.example.com/", "https://eve:x@app.example.com/", "app.example.com", "https://app.example.com.evil.org/"} {
		if d.Targets.Check(address) == nil {
			t.Errorf("%s may be told", address)
		}
	}
}

func TestNothingIsToldUnsigned(t *testing.T) {
	d := deliverer(t, true)
	d.Signer = nil
	if _, err := d.deliver(context.Background(), nil, notice("http://127.0.0.1:1/")); !errors.Is(err, errNoSecret) || tasks.IsPermanent(err) {
		t.Error(err)
	}
	if err := (Offer{}).Check("https://app.example.com/"); !errors.Is(err, errNoSecret) {
		t.Error(err)
	}
}
