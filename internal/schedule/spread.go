package schedule

import (
	"hash/fnv"
	"time"
)

// MaxSpread bounds [Entry.Spread] either way.
const MaxSpread = 24 * time.Hour

// Shift returns how far each tick is moved by [Entry.Spread].
func (e Entry) Shift() time.Duration {
	window := e.Spread.Abs()
	if window < time.Second {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(e.ID))
	// The middle bits: the low ones choose the shard.
	shift := time.Duration(h.Sum64()>>16%uint64(window/time.Second)) * time.Second
	if e.Spread < 0 {
		return -shift
	}
	return shift
}
