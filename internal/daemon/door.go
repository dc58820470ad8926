package daemon

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"
)

// FewConnections is how many connections the endpoint of a daemon keeps open at once, and so how
// many file descriptors others can have it hold.
const FewConnections = 128

// door bounds the connections of a server. It never has a newcomer wait, so that no flood of
// connections makes the process look dead: when there are too many it lets go of one that waits
// for its client. The source with the most loses one first, so that a flood pushes out itself.
type door struct {
	net.Listener
	most  int
	log   *zap.Logger
	burst Burst

	mu   sync.Mutex
	open map[*visit]struct{}
	from map[netip.Addr]int // connections of each source
}

// visit is one connection.
type visit struct {
	net.Conn
	door   *door
	source netip.Addr
	// Guarded by the door's mu.
	busy  bool // a handler works on a request of it
	since time.Time
}

func newDoor(l net.Listener, most int, log *zap.Logger) *door {
	return &door{Listener: l, most: most, log: log, open: make(map[*visit]struct{}), from: make(map[netip.Addr]int)}
}

// Accept implements [net.Listener].
func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err // as it is: the server asks what kind it is
	}
	v := &visit{Conn: conn, door: d, source: Source(Remote(conn.RemoteAddr().String())), since: time.Now()}
	if gone := d.admit(v); gone != nil {
		_ = gone.Close()
		if n := d.burst.Tell(); n > 0 {
			d.log.Warn("connections were let go of: more were open than are kept; look who opens them", zap.Int("count", n),
				zap.Int("kept", d.most), zap.Stringer("last_from", gone.source), zap.Stringer("listen", d.Addr()))
		}
	}
	return v, nil
}

// admit takes a newcomer in, and returns who is to go for that.
func (d *door) admit(v *visit) (gone *visit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.open) >= d.most {
		for other := range d.open {
			if gone == nil || d.before(other, gone) {
				gone = other
			}
		}
	}
	d.open[v] = struct{}{}
	d.from[v.source]++
	return gone
}

// before reports whether a is let go of before b: what waits for its client before what is worked
// on, of those the one whose source has more, of those the older one.
func (d *door) before(a, b *visit) bool {
	switch many, few := d.from[a.source], d.from[b.source]; {
	case a.busy != b.busy:
		return b.busy
	case many != few:
		return many > few
	}
	return a.since.Before(b.since)
}

// leave forgets a connection. It may be called again.
func (d *door) leave(v *visit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.open[v]; !ok {
		return
	}
	delete(d.open, v)
	if d.from[v.source]--; d.from[v.source] == 0 {
		delete(d.from, v.source)
	}
}

// Close implements [net.Conn].
func (v *visit) Close() error {
	v.door.leave(v)
	return v.Conn.Close()
}

// set says whether a handler works on the connection.
func (v *visit) set(busy bool) {
	v.door.mu.Lock()
	defer v.door.mu.Unlock()
	v.busy, v.since = busy, time.Now()
}

type visitKey struct{}

// remember gives a connection's requests their connection.
func remember(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, visitKey{}, conn)
}

// working has the door know which connections are worked on. The server's own states do not tell:
// a client that sends its header a byte at a time counts as active there.
func working(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
			v.set(true)
			defer v.set(false)
		}
		next.ServeHTTP(w, r)
	})
}
