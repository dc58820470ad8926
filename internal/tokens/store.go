package tokens

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Store has the tokens of a deployment. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	slot   string // what its keys begin with: all are in one slot, so that a script may change them together
	now    func() time.Time
	*answers

	mu   sync.Mutex
	uses map[string]use // by ID, those that are not in Redis yet
}

// NewStore returns the store whose keys carry prefix, which includes its colon. now is the clock
// by which tokens expire.
func NewStore(client redis.UniversalClient, prefix string, now func() time.Time) *Store {
	return &Store{client: client, slot: prefix + "{tokens}:", now: now, answers: newAnswers(), uses: make(map[string]use)}
}

func (s *Store) token(id string) string          { return s.slot + "token:" + id }
func (s *Store) made() string                    { return s.slot + "made" }
func (s *Store) children() string                { return s.slot + "children" }
func (s *Store) childrenOf(parent string) string { return s.slot + "children:" + parent }

// nothing never exists. A script that deletes it first may go on writing to a full Redis.
func (s *Store) nothing() string { return s.slot + "nothing" }

// argument is the one structured argument of a script.
func argument(of any) (string, error) {
	text, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("encode what a script is told: %w", err)
	}
	return string(text), nil
}
