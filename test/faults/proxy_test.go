package faults

import (
	"encoding/json"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"
)

// leftByToxiproxy are goroutines that toxiproxy leaves blocked for ever when it cuts a
// connection in the middle of a reply.
var leftByToxiproxy = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"),
	goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).read"),
}

// network is the way between workers and Redis, on which things can go wrong.
type network struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

// newNetwork returns a network that leads to addr.
func newNetwork(t *testing.T, addr string) *network {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	n := &network{t, toxiproxy.NewProxy(server, "redis", "127.0.0.1:0", addr)}
	if err := n.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.proxy.Stop)
	return n
}

// url is where workers find Redis.
func (n *network) url() string { return "redis://" + n.proxy.Listen }

// toxic is one fault of the network, in toxiproxy's own terms.
type toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Toxicity   float64        `json:"toxicity"`
	Attributes map[string]any `json:"attributes"`
}

// add makes the network suffer from x, in connections there are and in new ones.
func (n *network) add(x toxic) {
	n.t.Helper()
	spec, err := json.Marshal(x)
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(string(spec))); err != nil {
		n.t.Fatalf("toxic %s: %v", spec, err)
	}
}

// swallow makes it a black hole: connections stand, new ones are accepted, and nothing
// that is sent arrives.
func (n *network) swallow() {
	n.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		n.add(toxic{Name: stream, Type: "timeout", Stream: stream, Toxicity: 1, Attributes: map[string]any{"timeout": 0}})
	}
}

// heal ends everything the network suffers from.
func (n *network) heal() { n.proxy.Toxics.ResetToxics(n.t.Context()) }
