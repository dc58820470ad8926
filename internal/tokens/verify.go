package tokens

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"
)

//go:embed find.lua
var findLua string

var findScript = redis.NewScript(findLua)

// Verify returns the token of a text and counts a use of it. It asks Redis once, or not at all if
// it has asked about the same token within the last second: so a token that was revoked elsewhere
// may be accepted for that long. The error is [ErrUnknown], [ErrExpired] or [ErrRevoked], which
// all are [ErrRefused], or says that Redis did not answer. No error has the text.
func (s *Store) Verify(ctx context.Context, text string) (Token, error) {
	id, secret, ok := split(text)
	if !ok {
		return Token{}, ErrUnknown
	}
	now := s.now()
	found, err := s.answer(ctx, sha256.Sum256([]byte(text)), now, func(ctx context.Context) (answer, error) { return s.ask(ctx, id, secret) })
	if err != nil {
		return Token{}, fmt.Errorf("look up token %s: %w", id, err)
	}
	if found.unknown {
		return Token{}, ErrUnknown
	}
	if err := refusal(found.token.stateAt(now)); err != nil {
		return Token{}, err
	}
	s.note(id, now)
	return found.token, nil
}

// refusal is why a token of a readable state is denied, nil if it is not.
func refusal(state State) error {
	switch state {
	case Active:
		return nil
	case Expired:
		return ErrExpired
	}
	return ErrRevoked
}

// ask finds a token in Redis, if the secret is its own.
func (s *Store) ask(ctx context.Context, id, secret string) (answer, error) {
	now, round := s.now(), s.round.Load()
	f, found, err := s.find(ctx, id)
	if err != nil {
		return answer{}, err
	}
	if !found || subtle.ConstantTimeCompare([]byte(hashOf(secret)), []byte(f.hash)) == 0 {
		return answer{unknown: true, asked: now, round: round}, nil
	}
	t := f.read(id, now)
	return answer{t, t.State == Unreadable, now, round}, nil
}

// find returns the fields of a token.
func (s *Store) find(ctx context.Context, id string) (f fields, found bool, err error) {
	given, err := argument(map[string]string{"token": s.token("")})
	if err != nil {
		return fields{}, false, err
	}
	is, err := findScript.Run(ctx, s.client, []string{s.token(id)}, given).StringSlice()
	if err != nil || len(is) < 6 {
		return fields{}, false, err
	}
	return fields{is[0], is[1], is[2], is[3], is[4], is[5]}, true, nil
}

// Get returns the token of an ID, if there is one.
func (s *Store) Get(ctx context.Context, id string) (Token, bool, error) {
	if !isID(id) {
		return Token{}, false, nil
	}
	f, found, err := s.find(ctx, id)
	if err != nil {
		return Token{}, false, fmt.Errorf("look up token %s: %w", id, err)
	}
	if !found {
		return Token{}, false, nil
	}
	return f.read(id, s.now()), true, nil
}
