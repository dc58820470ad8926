package monitor

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWithoutUsersOnlyLoopbackIsListenedOn(t *testing.T) {
	const (
		odd  = `monitor address %q: write host:port, such as 127.0.0.1:8080`
		open = `monitor address %q can be reached from other machines and no users are configured: configure monitor users, or listen on 127.0.0.1`
	)
	tests := []struct{ addr, refusal string }{ // none where it is empty
		{"127.0.0.1:8080", ""},
		{"127.1.2.3:0", ""},
		{"localhost:8080", ""},
		{"LOCALHOST:8080", ""},
		{"[::1]:8080", ""},
		{"[::ffff:127.0.0.1]:8080", ""},
		{"", odd},
		{"8080", odd},
		{":8080", open},
		{"0.0.0.0:8080", open},
		{"[::]:8080", open},
		{"[::ffff:0.0.0.0]:8080", open},
		{"10.0.0.1:8080", open},
		{"monitor.example:8080", open},
		{"localhost.example:8080", open},
		{"127.0.0.1.example:8080", open},
	}
	for _, tt := range tests {
		want := "<nil>"
		if tt.refusal != "" {
			want = fmt.Sprintf(tt.refusal, tt.addr)
		}
		if err := CheckListen(tt.addr, nil); fmt.Sprint(err) != want {
			t.Errorf("CheckListen(%q): %v, want %s", tt.addr, err, want)
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
