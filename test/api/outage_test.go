package api

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"switchyard/test/redistest"
)

// TestWithoutRedisEachRequestIsToldToComeAgain stops Redis and asks for everything.
func TestWithoutRedisEachRequestIsToldToComeAgain(t *testing.T) {
	server := redistest.Server(t)
	d := open(t, "redis://"+server.Addr, false)
	d.want(http.StatusCreated, d.do("POST", "/v1/tasks", some))
	server.Stop()
	for _, r := range [][3]string{
		{"POST", "/v1/tasks", some}, {"POST", "/v1/tasks/batch", `{"items":[` + some + `]}`}, {"GET", "/v1/tasks/a", ""}, {"GET", "/v1/tasks", ""}, {"GET", "/v1/tasks/a/events", ""},
		{"POST", "/v1/tasks/a/cancel", ""}, {"DELETE", "/v1/tasks/a", ""}, {"GET", "/v1/schedule", ""}, {"GET", "/v1/users", ""},
		{"PUT", "/v1/schedule/x", `{"spec":"@daily","kind":"echo","payload":{"text":"x"}}`}, {"GET", "/v1/queues", ""}, {"GET", "/v1/queues/default", ""}, {"GET", "/v1/users/ada/brake", ""},
	} {
		a := d.want(http.StatusServiceUnavailable, d.do(r[0], r[1], r[2], "Idempotency-Key: k"), "type=/problems/unavailable", "title=Redis cannot be asked")
		if a.header.Get("Retry-After") != "1" {
			d.Errorf("%s %s: nothing says when to ask again", r[0], r[1])
		}
	}
	d.want(http.StatusServiceUnavailable, d.do("POST", "/v1/tasks/batch", `{"items":[`+some+`]}`), "type=/problems/unavailable")
	d.want(http.StatusOK, d.do("GET", "/v1/kinds", "")) // which are known here
}

// TestABodyThatDoesNotArriveIsNotWaitedForLong sends the beginning of a request.
func TestABodyThatDoesNotArriveIsNotWaitedForLong(t *testing.T) {
	d := open(t, "redis://"+redistest.Mini(t).Addr(), false)
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(conn, "POST /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusRequestTimeout || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s, %s", res.Status, res.Header.Get("Content-Type"))
	}
}
