package web

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestALimitedTransportEndsALargeBody(t *testing.T) {
	const most = 1000
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fits":
			_, _ = io.WriteString(w, strings.Repeat("a", most))
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("a", most+1))
		case "/bomb": // few bytes on the wire
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, strings.Repeat("a", most+1))
			_ = z.Close()
		}
	}))
	defer server.Close()
	client := http.Client{Transport: Limited{server.Client().Transport, most}}
	for path, fits := range map[string]bool{"/fits": true, "/large": false, "/bomb": false} {
		response, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if len(body) != most || errors.Is(err, errContent) == fits || fits != (err == nil) {
			t.Errorf("%s: %d bytes and %v, want %d of them, whole: %t", path, len(body), err, most, fits)
		}
		if err := response.Body.Close(); err != nil {
			t.Errorf("%s: close: %v", path, err)
		}
	}
}
