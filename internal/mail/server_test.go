package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a real SMTP server on loopback.
type server struct {
	mu    sync.Mutex
	mails []string
	from  string
	to    []string

	refuseRcpt, refuseData error
	afterData              func() // once it has a mail, before its answer
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

type session struct {
	*server
	conn   *smtp.Conn
	signed bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "switchyard" || password != "open sesame" {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.signed {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.refuseRcpt
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuseData == nil {
		s.mails = append(s.mails, string(raw))
	}
	if s.afterData != nil {
		s.afterData()
	}
	return s.refuseData
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// start runs the server and returns a sender for it.
func start(t *testing.T, s *server, how TLS, change func(*Options)) *Sender {
	t.Helper()
	certificate, caFile := selfSigned(t)
	real := smtp.NewServer(s)
	real.Domain = "localhost"
	real.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if how == Implicit {
		listener = tls.NewListener(listener, real.TLSConfig)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = real.Serve(listener) })
	t.Cleanup(func() {
		_ = real.Close()
		serving.Wait()
	})
	o := Options{
		Host: "localhost", Port: port, TLS: how, Username: "switchyard", Password: "open sesame",
		From: "Switchyard <briefings@example.org>", ReplyTo: "help@example.org", CAFile: caFile,
	}
	if change != nil {
		change(&o)
	}
	sender, err := NewSender(o)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// hostile serves raw lines: each connection is given to talk.
func hostile(t *testing.T, talk func(net.Conn)) *Sender {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			talk(conn)
			_ = conn.Close()
		}
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	sender, err := NewSender(Options{Host: "localhost", Port: listener.Addr().(*net.TCPAddr).Port, TLS: NoTLS, From: "b@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}
