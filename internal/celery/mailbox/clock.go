package mailbox

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"sync/atomic"
)

// latestHeard bounds what a clock is set to by others: Python counts without end, and one message with
// a number beyond would leave a clock here without a next one.
const latestHeard = 1 << 53

// clock is a logical clock, which numbers what is sent so that readers can put it in order: each number
// is higher than those sent and heard before. It is safe for concurrent use.
type clock struct{ now atomic.Int64 }

// next returns the number of something that is sent.
func (c *clock) next() int64 { return c.now.Add(1) }

// hear takes note of the number of something that was received.
func (c *clock) hear(other float64) {
	if !(other >= 0 && other <= latestHeard) { // not a number is neither
		return
	}
	for {
		now := c.now.Load()
		if c.now.CompareAndSwap(now, max(now, int64(other))+1) {
			return
		}
	}
}

// NewName returns a name for the node of this process: switchyard-, 8 characters, @ and the host.
func NewName() string {
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return "switchyard-" + hex.EncodeToString(id[:]) + "@" + host
}
