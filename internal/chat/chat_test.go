package chat

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// to returns a chat's URL that leads to a server on this machine.
func to(server *httptest.Server) string {
	return "generic://" + strings.TrimPrefix(server.URL, "http://") + "/hooks/t0p-s3cret-t0ken?disabletls=yes&template=json"
}

func TestAMessageArrivesAndARefusalIsKnownNotTo(t *testing.T) {
	var got atomic.Value
	var status atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 4000)
		n, _ := r.Body.Read(body)
		got.Store(string(body[:n]))
		switch s := int(status.Load()); s {
		case 0: // hang up
			conn, _, _ := http.NewResponseController(w).Hijack()
			_ = conn.Close()
		default:
			w.WriteHeader(s)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	s := NewSender(map[string]string{"team": to(server), "away": "generic://127.0.0.1:1/hooks/t0p-s3cret-t0ken?disabletls=yes"})
	for _, tc := range []struct {
		chat             string
		status           int32
		failed, doubtful bool
	}{
		{"team", 200, false, false},
		{"team", 500, true, false},
		{"team", 404, true, false},
		{"team", 0, true, true},
		{"away", 0, true, false},
		{"none", 0, true, false},
	} {
		status.Store(tc.status)
		err := s.Send(t.Context(), tc.chat, "Briefing", "Tides rise.")
		failed, ok := errors.AsType[*Error](err)
		if ok != tc.failed || ok && failed.Doubtful != tc.doubtful {
			t.Errorf("%s, %d: %v; want failed %v, doubtful %v", tc.chat, tc.status, err, tc.failed, tc.doubtful)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "127.0.0.1:1/")) {
			t.Errorf("the error has the secret: %v", err)
		}
	}
	if text, _ := got.Load().(string); !strings.Contains(text, "Tides rise.") {
		t.Errorf("the chat got %q", text)
	}
}

func TestALibraryThatHangsHoldsUpNobodyForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, end := NewSender(map[string]string{"team": "x://"}), make(chan struct{})
		s.send = func(string, string, string) error { <-end; return nil }
		for range atOnce {
			began := time.Now()
			err := s.Send(t.Context(), "team", "", "")
			if failed, ok := errors.AsType[*Error](err); !ok || !failed.Doubtful || time.Since(began) != Timeout {
				t.Fatalf("after %s: %v", time.Since(began), err)
			}
		}
		if err := s.Send(t.Context(), "team", "", ""); err == nil || err.Error() != `chat "team": 16 messages are under way and do not end` {
			t.Errorf("one more: %v", err)
		}
		close(end)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.send = func(string, string, string) error { panic("ouch") }
		if err := s.Send(t.Context(), "team", "", ""); err == nil || !strings.Contains(err.Error(), "ouch") {
			t.Errorf("a panic: %v", err)
		}
		s.send = func(string, string, string) error { <-ctx.Done(); time.Sleep(time.Second); return nil }
		if err := s.Send(ctx, "team", "", ""); err == nil || !strings.Contains(err.Error(), "stopped") {
			t.Errorf("stopped: %v", err)
		}
		time.Sleep(2 * time.Second) // of the bubble: what was sent ends
	})
}

func TestOnlyURLsOfChatsAreTaken(t *testing.T) {
	for url, good := range map[string]bool{"slack://hook:a-b-c@webhook": true, "discord://t@1": true, "pigeon://loft": false, "nothing": false, "": false} {
		if err := Check(url); (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
	}
}
