package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// operate starts a KEDA. It reaches the monitor's Service at an address of this machine, through a
// proxy that plays the DNS and the Service.
func (s *server) operate(t *testing.T, monitor string) {
	t.Helper()
	operator := built(t, "KUBERNETES_BUILT_IN", "keda-operator")
	dir := t.TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	write(t, kubeconfig, fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}], users: [{name: u, user: {token: %q}}]}`, s.config.Host, token))
	certificate(t, dir)
	service := release + "-switchyard-monitor." + namespace + ".svc:80"
	to := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: monitor})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != service && r.Host+":80" != service {
			http.Error(w, "this is the way to "+service+" alone", http.StatusForbidden)
			return
		}
		to.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	cmd := exec.Command(operator, "--metrics-bind-address", address(t), "--health-probe-bind-address", address(t),
		"--metrics-service-bind-address", address(t), "--cert-dir", dir)
	cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "WATCH_NAMESPACE=", "KEDA_CLUSTER_OBJECT_NAMESPACE=" + namespace, "POD_NAMESPACE=" + namespace,
		"HTTP_PROXY=" + proxy.URL, "NO_PROXY=127.0.0.1", "HOME=" + dir}
	run(t, cmd)
}

// certificate writes what KEDA's own server wants to have before it starts. Nobody asks that server here.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "keda-operator"}, DNSNames: []string{"keda-operator"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, filepath.Join(dir, "ca.crt"), text)
	write(t, filepath.Join(dir, "tls.crt"), text)
	write(t, filepath.Join(dir, "tls.key"), string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
}
