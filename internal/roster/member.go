package roster

import (
	"context"
	"os"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

const (
	// lookWithin bounds what is asked of the daemon for its record, answerWithin what is written.
	lookWithin   = 2 * time.Second
	answerWithin = 2 * time.Second
	// goodbye bounds how long the record's end holds up that of the daemon.
	goodbye = time.Second
)

// Member is a daemon in the roster.
type Member struct {
	store   *Store
	record  Record
	look    func(ctx context.Context) Status
	log     *zap.Logger
	started time.Time
}

// NewMember returns a daemon of this process: program has its roles, version, commit and layout. look says how it does; it has two seconds
// to. The caller runs it.
func NewMember(store *Store, program Record, look func(ctx context.Context) Status, log *zap.Logger) *Member {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown-host"
	}
	program.ID, program.Host, program.PID = uuid.NewString(), host, os.Getpid()
	return &Member{store, program, look, log, time.Now()}
}

// Run keeps the record until ctx ends, and then takes it away, within two seconds. A change that news
// tells of is written at once. While Redis is away nothing is written, which is said once.
func (m *Member) Run(ctx context.Context, news <-chan struct{}) {
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	lost := false
	for ctx.Err() == nil {
		err := m.renew(ctx)
		if err != nil && !lost {
			m.log.Warn("the list of daemons lacks this one: it is tried every few seconds", zap.Error(err))
		}
		lost = err != nil
		select {
		case <-ticker.C:
		case <-news:
			news = nil
		case <-ctx.Done():
		}
	}
	if lost {
		return // what Redis has forgets itself
	}
	within, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if err := m.store.remove(within, m.record.ID); err != nil {
		m.log.Info("this daemon is told as lost for an hour, although it was stopped", zap.Error(err))
	}
}

// renew looks how the daemon does, and writes that. The end of ctx does not cut the writing off: what
// was cut off may arrive after the record was taken away, and nobody could tell.
func (m *Member) renew(ctx context.Context) error {
	looking, cancel := context.WithTimeout(ctx, lookWithin)
	r := m.record
	r.Status, r.Up = m.look(looking), time.Since(m.started)
	cancel()
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	return m.store.renew(within, r)
}
