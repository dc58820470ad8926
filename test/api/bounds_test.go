package api

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"switchyard/test/redistest"
)

func TestABodyThatIsTooLargeIsRefusedAndNothingIsSent(t *testing.T) {
	onEach(t, false, func(d *door) {
		for path, size := range map[string]int{"/v1/tasks": 1<<20 + 16<<10, "/v1/tasks/batch": 8 << 20} {
			body := `{"items":[{"kind":"echo","payload":{"text":"` + strings.Repeat("x", size) + `"}}]}`
			d.want(http.StatusRequestEntityTooLarge, d.do("POST", path, body, "Idempotency-Key: k"), "type=/problems/too-large", "status=413")
		}
		if n := d.waiting(); n != 0 {
			d.Errorf("%d tasks wait, want none", n)
		}
	})
}

func TestACursorThatIsNoneIsRefused(t *testing.T) {
	onEach(t, false, func(d *door) {
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"a"}}`))
		d.want(http.StatusCreated, d.do("POST", "/v1/tasks", `{"kind":"echo","payload":{"text":"b"}}`))
		cursor := d.want(http.StatusOK, d.do("GET", "/v1/tasks?queue=default&limit=1", "")).field("next")
		d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/tasks?queue=agents&cursor="+cursor, ""), "type=/problems/invalid") // of another filter
		for _, garbage := range []string{"x", "%00", "eyJ9", strings.Repeat("A", 5000), "../../etc"} {
			d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/tasks?cursor="+garbage, ""), "type=/problems/invalid")
		}
		for _, garbage := range []string{"x", "-1.0", "99999.0", "0.x"} {
			d.want(http.StatusUnprocessableEntity, d.do("GET", "/v1/schedule?cursor="+garbage, ""), "type=/problems/invalid")
		}
	})
}

// streams reports whether the API writes a user's events to anybody.
func streams() bool {
	var stacks bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
	return strings.Contains(stacks.String(), ".tellUser(")
}

// await waits until something is so.
func (d *door) await(what string, so func() bool) {
	d.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for until := time.Now().Add(time.Minute); !so(); <-look.C {
		if time.Now().After(until) {
			d.Fatalf("it is not so that %s", what)
		}
	}
}

// TestAReaderThatReadsNothingIsLeft follows a user who has more events than a connection holds.
func TestAReaderThatReadsNothingIsLeft(t *testing.T) {
	d := open(t, "redis://"+redistest.Mini(t).Addr(), false)
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprint(conn, "GET /v1/users/ada/events HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: 0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	d.await("somebody follows", streams)
	large := []byte(`{"text":"` + strings.Repeat("x", 60<<10) + `"}`)
	for range 200 {
		if err := d.system.Events.Tell(t.Context(), "ada", "progress", large); err != nil {
			t.Fatal(err)
		}
	}
	d.want(http.StatusCreated, d.do("POST", "/v1/tasks", later)) // nobody else waits for the reader
	d.await("the reader is left", func() bool { return !streams() })
}
