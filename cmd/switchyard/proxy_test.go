package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tunnel is a proxy that connects everybody to one address, whatever they ask for.
func tunnel(to string, asked *sync.Map) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method+" "+r.Host, true)
		server, err := net.Dial("tcp", to)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = server.Close() }()
		w.WriteHeader(http.StatusOK)
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = client.Close() }()
		go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
		_, _ = io.Copy(client, server)
	})
}

// TestCommandsGoThroughTheProxyAndTrustTheAuthorityOfTheEnvironment has an API with a certificate of
// nobody's, which is reached through a proxy alone.
func TestCommandsGoThroughTheProxyAndTrustTheAuthorityOfTheEnvironment(t *testing.T) {
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `[{"name":"agents","paused":true}]`)
	}))
	defer site.Close()
	var asked sync.Map
	proxy := httptest.NewServer(tunnel(site.Listener.Addr().String(), &asked))
	defer proxy.Close()
	authority := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(environ ...string) (string, int) {
		cmd := exec.Command(filepath.Join(binaries, "switchyard"), "queue", "list")
		cmd.Env = slices.Concat(environ, []string{"SWITCHYARD_API=https://example.com", "SWITCHYARD_TOKEN=secret", "HTTPS_PROXY=" + proxy.URL})
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run()
		return out.String(), cmd.ProcessState.ExitCode()
	}
	if out, status := run("SSL_CERT_FILE=" + authority); status != 0 || !strings.Contains(out, "agents  0") {
		t.Errorf("%d: %s", status, out)
	}
	if _, ok := asked.Load("CONNECT example.com:443"); !ok {
		t.Error("nobody asked the proxy")
	}
	if out, status := run(); status != 2 || !strings.Contains(out, "https://example.com is not trusted: ") || !strings.Contains(out, "SSL_CERT_FILE") {
		t.Errorf("a certificate of nobody's: %d: %s", status, out)
	}
}
