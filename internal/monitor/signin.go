package monitor

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// remembered is how long a verified password is known without hashing it again. A
// page of assets would otherwise cost a hash for each.
const remembered = time.Minute

var errWrongPassword = errors.New("unknown user or wrong password")

// signIn verifies names and passwords. It takes as long for a name that does not
// exist as for one that does, and never runs more hash checks at once than half the
// processors, nor more than one for a source. Sources take turns. It is safe for concurrent use.
type signIn struct {
	accounts []account
	byName   map[string]account
	key      []byte        // of this process, for every MAC below
	checking chan struct{} // holds one for each hash check

	*sources

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
		sources:  newSources(),
		accounts: accounts,
		byName:   make(map[string]account, len(accounts)),
		key:      make([]byte, sha256.Size),
		checking: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		verified: make(map[string]verification),
	}
	_, _ = rand.Read(s.key) // never fails, as its documentation says
	for _, a := range accounts {
		s.byName[a.name] = a
	}
	return s
}

// account returns the account with this name and password, of whoever signs in from somewhere. The
// error is errWrongPassword, tooMany or that of ctx.
func (s *signIn) account(ctx context.Context, from netip.Addr, name, password string) (account, error) {
	if a, ok := s.byName[name]; ok && s.remembers(name, password) {
		return a, nil
	}
	source := s.source(from)
	leave, err := source.enter(ctx)
	if err != nil {
		return account{}, err
	}
	defer leave()
	if a, ok := s.byName[name]; ok && s.remembers(name, password) { // verified while this one waited
		return a, nil
	}
	if err := source.mayFail(); err != nil {
		return account{}, err
	}
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-ctx.Done():
		return account{}, ctx.Err()
	}
	a, err := s.check(name, password)
	if err != nil {
		source.fail()
	}
	return a, err
}

func (s *signIn) check(name, password string) (account, error) {
	a, known := s.byName[name]
	if !known {
		a = s.standIn(name)
	}
	if !a.check(password) || !known {
		return account{}, errWrongPassword
	}
	s.remember(name, password)
	return a, nil
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
