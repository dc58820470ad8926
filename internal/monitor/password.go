package monitor

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// maxPassword is the longest password bcrypt can tell from another, in bytes. It
// ignores what follows.
const maxPassword = 72

// newHashCost is the bcrypt cost of new hashes: about a quarter of a second a check.
const newHashCost = 12

// The most a configured hash may cost per check. More would let one sign-in starve
// the process.
const (
	maxBcryptCost   = 15
	maxArgonMemory  = 256 << 10 // KiB
	maxArgonTime    = 16
	maxArgonThreads = 16
	maxArgonBytes   = 64 // of salt and of hash
)

// passwordCheck reports whether a password is the one a hash was made from.
type passwordCheck func(password string) bool

// HashPassword returns the bcrypt hash of password, for a [User]. It refuses an empty
// password and one longer than the 72 bytes bcrypt reads.
func HashPassword(password string) (string, error) {
	switch {
	case password == "":
		return "", errors.New("password is empty: give one")
	case len(password) > maxPassword:
		return "", fmt.Errorf("password has %d bytes: bcrypt reads %d, choose a shorter one", len(password), maxPassword)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), newHashCost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// readHash reads a bcrypt or argon2id hash. Its errors follow the words "password
// hash" and never quote the hash.
func readHash(hash string) (passwordCheck, error) {
	switch {
	case hash == "":
		return nil, errors.New("is empty: make one with switchyard hash-password")
	case strings.HasPrefix(hash, "$argon2id$"):
		return readArgon(hash)
	case strings.HasPrefix(hash, "$2"):
		return readBcrypt(hash)
	}
	return nil, errors.New("is neither bcrypt ($2…) nor argon2id ($argon2id$…): a password in plain text is not accepted, make a hash with switchyard hash-password")
}

var bcryptPattern = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

func readBcrypt(hash string) (passwordCheck, error) {
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || !bcryptPattern.MatchString(hash) {
		return nil, fmt.Errorf("is not a whole bcrypt hash: it has %d characters, of 60 such as $2b$12$… and letters, digits, dots and slashes; check that no shell expanded a $", len(hash))
	}
	if cost > maxBcryptCost {
		return nil, fmt.Errorf("has bcrypt cost %d: at most %d is allowed", cost, maxBcryptCost)
	}
	return func(password string) bool {
		return len(password) <= maxPassword && bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	}, nil
}

// readArgon reads the PHC string format,
// https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md.
func readArgon(hash string) (passwordCheck, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, fmt.Errorf("is not an argon2id hash of version %d: write $argon2id$v=%[1]d$m=…,t=…,p=…$salt$hash", argon2.Version)
	}
	var memory, time, threads uint32
	settings := parts[3]
	if _, err := fmt.Sscanf(settings, "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil ||
		settings != fmt.Sprintf("m=%d,t=%d,p=%d", memory, time, threads) {
		return nil, errors.New("has unreadable argon2id settings: write m=…,t=…,p=… in this order")
	}
	if time < 1 || time > maxArgonTime || threads < 1 || threads > maxArgonThreads || memory < 8*threads || memory > maxArgonMemory {
		return nil, fmt.Errorf("has argon2id settings m=%d,t=%d,p=%d: allowed are m up to %d KiB and at least 8 for each thread, t from 1 to %d, p from 1 to %d",
			memory, time, threads, maxArgonMemory, maxArgonTime, maxArgonThreads)
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || !argonLength(salt) || !argonLength(key) {
		return nil, fmt.Errorf("has an unreadable argon2id salt or hash: both are unpadded base64 of 8 to %d bytes", maxArgonBytes)
	}
	return func(password string) bool {
		got := argon2.IDKey([]byte(password), salt, time, memory, uint8(threads), uint32(len(key)))
		return subtle.ConstantTimeCompare(got, key) == 1
	}, nil
}

func argonLength(b []byte) bool { return len(b) >= 8 && len(b) <= maxArgonBytes }
