package rights

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// askAgainAfter is how old an answer may be: whoever asks for the readiness of a process must not
// be able to keep Redis busy.
const askAgainAfter = 5 * time.Second

// Watch knows whether Redis's user has what it needs. It is safe for concurrent use.
type Watch struct {
	client redis.UniversalClient
	needs  Needs

	mu    sync.Mutex // also held while Redis is asked
	asked time.Time
	lacks error
}

// NewWatch returns a watch of the user that client works as.
func NewWatch(client redis.UniversalClient, needs Needs) *Watch {
	return &Watch{client: client, needs: needs}
}

// The errors of [Watch.Check] that name what Redis refuses.
var (
	// ErrMissing says that the user may not do what others may.
	ErrMissing = errors.New("redis's user lacks rights")
	// ErrRefused says that Redis does it for nobody.
	ErrRefused = errors.New("redis refuses commands to everybody")
	// ErrNoAsynqmon is ErrRefused of what only the pages of asynqmon need.
	ErrNoAsynqmon = errors.New("pages of asynqmon fail on this redis, which refuses commands to everybody")
)

// Check reports which rights the user lacks, with what would grant them, nil if none. The answer
// is at most five seconds old.
func (w *Watch) Check(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.asked.IsZero() && time.Since(w.asked) < askAgainAfter {
		return w.lacks
	}
	missing, err := Missing(ctx, w.client, w.needs)
	if err != nil {
		return err
	}
	w.asked, w.lacks = time.Now(), w.said(missing)
	return w.lacks
}

// said names what is missing, and what helps.
func (w *Watch) said(missing Lack) error {
	var errs []error
	if rules := strings.Join(missing.Rules, " "); rules != "" {
		errs = append(errs, fmt.Errorf("%w: %s: grant them with ACL SETUSER %s %[2]s", ErrMissing, rules, w.user()))
	}
	if commands := strings.Join(missing.Commands, ", "); commands != "" {
		why, help := ErrRefused, "use one that performs them"
		if missing.asynqmonAlone() {
			why, help = ErrNoAsynqmon, "the console shows the same tasks"
		}
		errs = append(errs, fmt.Errorf("%w: %s: %s", why, commands, help))
	}
	return errors.Join(errs...)
}

// user returns the name that the client logs in with.
func (w *Watch) user() string {
	name := ""
	switch c := w.client.(type) {
	case *redis.Client:
		name = c.Options().Username
	case *redis.ClusterClient:
		name = c.Options().Username
	}
	if name == "" {
		return "default"
	}
	return name
}
