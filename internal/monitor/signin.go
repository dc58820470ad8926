package monitor

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"runtime"
	"sync"
	"time"
)

// remembered is how long a verified password is known without hashing it again. A
// page of assets would otherwise cost a hash for each.
const remembered = time.Minute

// maxWaiting bounds the sign-ins that wait for a hash check.
const maxWaiting = 64

var (
	errWrongPassword = errors.New("unknown user or wrong password")
	errTooBusy       = errors.New("too many sign-ins at once")
)

// signIn verifies names and passwords. It takes as long for a name that does not
// exist as for one that does, and never runs more hash checks at once than half the
// processors. It is safe for concurrent use.
type signIn struct {
	accounts []account
	byName   map[string]account
	key      []byte        // of this process, for every MAC below
	waiting  chan struct{} // holds one for each sign-in waiting or checking
	checking chan struct{} // holds one for each hash check

	mu       sync.Mutex
	verified map[string]verification // by name, so never more than there are accounts
}

// verification remembers the MAC of the password a user last signed in with.
type verification struct {
	mac     []byte
	expires time.Time
}

func newSignIn(accounts []account) *signIn {
	s := &signIn{
		accounts: accounts,
		byName:   make(map[string]account, len(accounts)),
		key:      make([]byte, sha256.Size),
		waiting:  make(chan struct{}, maxWaiting),
		checking: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		verified: make(map[string]verification),
	}
	_, _ = rand.Read(s.key) // never fails, as its documentation says
	for _, a := range accounts {
		s.byName[a.name] = a
	}
	return s
}

// role returns the role of the user with this name and password. The error is
// errWrongPassword, errTooBusy or that of ctx.
func (s *signIn) role(ctx context.Context, name, password string) (Role, error) {
	if a, ok := s.byName[name]; ok && s.remembers(name, password) {
		return a.role, nil
	}
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		return "", errTooBusy
	}
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return s.check(name, password)
}

func (s *signIn) check(name, password string) (Role, error) {
	a, known := s.byName[name]
	if known && s.remembers(name, password) { // verified while this one waited
		return a.role, nil
	}
	if !known {
		a = s.standIn(name)
	}
	if !a.check(password) || !known {
		return "", errWrongPassword
	}
	s.remember(name, password)
	return a.role, nil
}

// standIn picks the account whose hash an unknown name is checked against. It is
// always the same one for a name, as a real user's would be, so that the time an
// answer takes tells nothing even where hashes differ in cost.
func (s *signIn) standIn(name string) account {
	n := binary.BigEndian.Uint64(s.mac(name))
	return s.accounts[n%uint64(len(s.accounts))]
}

func (s *signIn) remembers(name, password string) bool {
	mac := s.mac(password)
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.verified[name]
	return ok && time.Now().Before(v.expires) && hmac.Equal(v.mac, mac)
}

func (s *signIn) remember(name, password string) {
	mac := s.mac(password)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verified[name] = verification{mac: mac, expires: time.Now().Add(remembered)}
}

func (s *signIn) mac(text string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
