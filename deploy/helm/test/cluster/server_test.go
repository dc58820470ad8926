// Package cluster installs the chart on a real kube-apiserver, and has a real KEDA scale it. No
// kubelet and no controllers run: where a test needs one, it says that it plays it.
//
// KUBERNETES_BUILT_IN names the directory with etcd, kube-apiserver and keda-operator, and
// COMMANDS_BUILT_IN that with the programs of Switchyard. `make test-kubernetes` builds both.
package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// patience is how long anything may take on a machine that others use.
const patience = 2 * time.Minute

// token is that of the one user, who may do everything.
const token = "the-token-of-the-tests"

// server is a kube-apiserver.
type server struct {
	config *rest.Config
	client dynamic.Interface
	dir    string
}

// built returns the path of a program, and skips the test where it is not built.
func built(t *testing.T, variable, name string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skipf("%s is not set: run make test-kubernetes", variable)
	}
	return filepath.Join(dir, name)
}

// address returns an address of loopback on which nobody listens.
func address(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// logged has a program write a log, the end of which is shown if the test fails.
func logged(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	t.Cleanup(func() {
		_ = log.Close()
		if raw, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the end of the log of %s:\n%s", filepath.Base(cmd.Path), raw[max(0, len(raw)-8000):])
		}
	})
}

// run starts a program that is killed when the test ends.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	logged(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// start starts an etcd and a kube-apiserver, and returns when it is ready.
func start(t *testing.T) *server {
	t.Helper()
	apiserver, etcd := built(t, "KUBERNETES_BUILT_IN", "kube-apiserver"), built(t, "KUBERNETES_BUILT_IN", "etcd")
	dir := t.TempDir()
	clients, peers, secure := address(t), address(t), address(t)
	run(t, exec.Command(etcd, "--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--log-level", "warn",
		"--listen-client-urls", "http://"+clients, "--advertise-client-urls", "http://"+clients,
		"--listen-peer-urls", "http://"+peers, "--initial-advertise-peer-urls", "http://"+peers, "--initial-cluster", "default=http://"+peers))
	key, users := filepath.Join(dir, "accounts.pem"), filepath.Join(dir, "users.csv")
	write(t, key, string(newKey(t)))
	write(t, users, token+",admin,1,system:masters\n")
	host, port, _ := net.SplitHostPort(secure)
	run(t, exec.Command(apiserver, "--etcd-servers", "http://"+clients, "--bind-address", host, "--secure-port", port, "--cert-dir", filepath.Join(dir, "certs"),
		"--service-account-issuer", "https://cluster.test", "--service-account-key-file", key, "--service-account-signing-key-file", key,
		"--service-cluster-ip-range", "10.0.0.0/24", "--token-auth-file", users, "--authorization-mode", "RBAC", "--disable-admission-plugins", "ServiceAccount",
		"--endpoint-reconciler-type", "none"))
	s := &server{dir: dir, config: &rest.Config{Host: "https://" + secure, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{Insecure: true}, QPS: 200, Burst: 200}}
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the kube-apiserver is ready", func() bool {
		response, err := client.Get(s.config.Host + "/readyz")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	})
	if s.client, err = dynamic.NewForConfig(s.config); err != nil {
		t.Fatal(err)
	}
	return s
}

func newKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// until waits for what nobody tells, and fails the test if it does not become true.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("it has not come about in %s that %s", patience, what)
		}
	}
}
