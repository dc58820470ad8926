package monitor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWithoutUsersOnlyLoopbackIsListenedOn(t *testing.T) {
	tests := []struct {
		addr string
		ok   bool
	}{
		{"127.0.0.1:8080", true},
		{"127.1.2.3:0", true},
		{"localhost:8080", true},
		{"LOCALHOST:8080", true},
		{"[::1]:8080", true},
		{"[::ffff:127.0.0.1]:8080", true},
		{"", false},
		{":8080", false},
		{"8080", false},
		{"0.0.0.0:8080", false},
		{"[::]:8080", false},
		{"[::ffff:0.0.0.0]:8080", false},
		{"10.0.0.1:8080", false},
		{"monitor.example:8080", false},
		{"localhost.example:8080", false},
		{"127.0.0.1.example:8080", false},
	}
	for _, tt := range tests {
		err := CheckListen(tt.addr, nil)
		if (err == nil) != tt.ok {
			t.Errorf("CheckListen(%q): %v, want allowed %v", tt.addr, err, tt.ok)
		}
		if err != nil && (!strings.Contains(err.Error(), `"`+tt.addr+`"`) || !strings.Contains(err.Error(), "127.0.0.1")) {
			t.Errorf("CheckListen(%q): %v, want the address and the remedy", tt.addr, err)
		}
		if err := CheckListen(tt.addr, []User{{Name: "rea"}}); err != nil {
			t.Errorf("CheckListen(%q) with users: %v", tt.addr, err)
		}
	}
}

func TestWithoutUsersARebindingNameIsRefused(t *testing.T) {
	tests := map[string]int{
		"localhost":              200,
		"localhost:8080":         200,
		"127.0.0.1:8080":         200,
		"[::1]:8080":             200,
		"[::1]":                  200,
		"attacker.example":       421,
		"attacker.example:8080":  421,
		"127.0.0.1.nip.example":  421,
		"localhost.example:8080": 421,
		"10.0.0.1:8080":          421,
		"":                       421,
	}
	open, closed := newHandler(t, nil), newHandler(t, withUsers(t))
	for host, want := range tests {
		for _, path := range []string{"/", "/healthz", "/asynqmon/api/queues"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			open.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("Host %q, %s: status %d, want %d", host, path, w.Code, want)
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		r.SetBasicAuth("rea", "look")
		w := httptest.NewRecorder()
		closed.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Errorf("Host %q with users: status %d, want 200", host, w.Code)
		}
	}
}
