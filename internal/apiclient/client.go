// Package apiclient is for Go programs that use the HTTP API: it asks the operations of package api
// and answers in the words of the other packages, so that whoever has a [Client] need not care that
// Redis is elsewhere.
//
// What is safe to repeat is repeated when the way to the API fails: what only reads, and a task
// that is sent, which has a key. Everything else is asked once. The errors are an [*AnswerError] if
// the API has answered, and an [*UnreachableError] if it has not.
package apiclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"switchyard/internal/redact"
)

const (
	// maxToken bounds a token, in bytes.
	maxToken = 4 << 10
	// dialWithin bounds how long a connection takes, with TLS as much again.
	dialWithin = 5 * time.Second
)

// Options say which API a client asks, and as whom.
type Options struct {
	// URL is where the monitor is, without /v1, such as https://tasks.example.org.
	URL string
	// Token is sent with each request. "": none, which suits a monitor that has no users.
	Token string
	// Agent names the program, as name/version.
	Agent string
}

// Client asks the HTTP API. It is safe for concurrent use. It has no state but its connections.
type Client struct {
	base  string // without a slash at its end
	token string
	agent string
	http  *http.Client
}

// New returns a client. It asks nothing yet. The error says what is wrong with the options, and
// never shows the token.
//
// It goes through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, and trusts whom the
// system does, or the certificates of SSL_CERT_FILE.
func New(o Options) (*Client, error) {
	base, err := checkURL(o.URL, o.Token != "")
	if err != nil {
		return nil, err
	}
	if err := CheckToken(o.Token); err != nil {
		return nil, err
	}
	redact.Process.Know(o.Token[strings.LastIndexByte(o.Token, '_')+1:]) // the ID before it is no secret
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialWithin}).DialContext, TLSHandshakeTimeout: dialWithin,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: atOnce, IdleConnTimeout: time.Minute, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return &Client{base: base, token: o.Token, agent: o.Agent, http: &http.Client{
		Transport: transport,
		// The token is for one address, and a request that changes something is not for two.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// checkURL returns an address as requests begin with it. A token does not go over a network where
// others can read it.
func checkURL(text string, token bool) (string, error) {
	shown := redact.URL(text)
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("%q is no address of the HTTP API: give one such as https://tasks.example.org or http://127.0.0.1:8080", shown)
	case u.User != nil:
		return "", fmt.Errorf("%q has a user in it: leave it out, and give a token", shown)
	case u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("%q has more than an address: leave out what follows the path", shown)
	case token && u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "", fmt.Errorf("%q would carry the token over the network in the clear: use https, or a tunnel to an address of this machine, such as ssh -L 8080:127.0.0.1:8080", shown)
	}
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(text, "/"), "/v1"), "/"), nil
}

// isLoopback reports whether a host is this machine, by its name or its address alone: what a
// resolver says may be another one's word.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// CheckToken reports why a text cannot be sent as a token. "" can: it is none.
func CheckToken(token string) error {
	if len(token) > maxToken {
		return fmt.Errorf("the token has %d bytes: give the one line that switchyard token make has printed", len(token))
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return errors.New("the token has spaces, line breaks or characters that no token has: give the one line that switchyard token make has printed")
		}
	}
	return nil
}
