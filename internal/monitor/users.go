package monitor

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Role is what a user may do.
type Role string

// The roles. An operator may do what a reader may, and change things.
const (
	Reader   Role = "reader"   // look at every page
	Operator Role = "operator" // also pause queues, run, archive and delete tasks
)

// User is one person or program that may sign in with a name and a password.
type User struct {
	Name string
	// PasswordHash is a bcrypt hash ($2a$, $2b$ or $2y$) or an argon2id hash in PHC
	// format ($argon2id$v=19$m=…,t=…,p=…$salt$hash). [HashPassword] makes one.
	PasswordHash string
	Role         Role
	// Bound is the user of the system for whom alone the sign-in is: it sees and changes what is
	// theirs. "": it is for what is everybody's.
	Bound string
}

// account is a user whose hash has been read.
type account struct {
	name  string
	role  Role
	user  string // for whom alone it is; "": for all
	check passwordCheck
}

// readUsers checks every user and reports all that is wrong at once. No error
// contains a hash.
func readUsers(users []User) ([]account, error) {
	accounts := make([]account, 0, len(users))
	var problems []error
	seen := make(map[string]bool, len(users))
	for _, u := range users {
		a, err := readUser(u)
		if err == nil && seen[u.Name] {
			err = errors.New("is listed twice: remove one of the two")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("monitor user %q: %w", u.Name, err))
			continue
		}
		seen[u.Name] = true
		accounts = append(accounts, a)
	}
	return accounts, errors.Join(problems...)
}

func readUser(u User) (account, error) {
	switch {
	case u.Name == "":
		return account{}, errors.New("has no name: give one")
	case strings.ContainsRune(u.Name, ':') || strings.ContainsFunc(u.Name, unicode.IsControl):
		return account{}, errors.New("the name has a colon or a control character, which basic authentication cannot send: choose another")
	case u.Role != Reader && u.Role != Operator:
		return account{}, fmt.Errorf("role %q: use %s or %s", u.Role, Reader, Operator)
	}
	check, err := readHash(u.PasswordHash)
	if err != nil {
		return account{}, fmt.Errorf("password hash %w", err)
	}
	return account{name: u.Name, role: u.Role, user: u.Bound, check: check}, nil
}
