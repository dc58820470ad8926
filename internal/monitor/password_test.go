package monitor

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

func argonHash(password string) string {
	salt := []byte("0123456789abcdef")
	key := argon2.IDKey([]byte(password), salt, 1, 64, 1, 32)
	return fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s",
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

func TestHashesAcceptTheirPasswordOnly(t *testing.T) {
	made, err := HashPassword("open sesame")
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]string{
		"made here": made,
		"bcrypt":    cheapHash(t, "open sesame"),
		"htpasswd":  "$2y$" + strings.TrimPrefix(cheapHash(t, "open sesame"), "$2a$"),
		"argon2id":  argonHash("open sesame"),
	}
	for name, hash := range hashes {
		t.Run(name, func(t *testing.T) {
			check, err := readHash(hash)
			if err != nil {
				t.Fatal(err)
			}
			if !check("open sesame") {
				t.Error("refuses its password")
			}
			for _, wrong := range []string{"", "open sesame "} {
				if check(wrong) {
					t.Errorf("accepts %q", wrong)
				}
			}
		})
	}
}

func TestAPasswordLongerThanBcryptReadsIsRefused(t *testing.T) {
	full := strings.Repeat("x", maxPassword)
	check, err := readHash(cheapHash(t, full))
	if err != nil {
		t.Fatal(err)
	}
	if !check(full) || check(full+"tail") {
		t.Error("want the 72 bytes accepted and a longer password refused")
	}
	for bad, want := range map[string]string{"": "password is empty: give one", full + "x": "password has 73 bytes: bcrypt reads 72, choose a shorter one"} {
		if _, err := HashPassword(bad); fmt.Sprint(err) != want {
			t.Errorf("%d bytes: %v, want %s", len(bad), err, want)
		}
	}
}

func TestUserErrorsNameTheUserAndNeverTheHash(t *testing.T) {
	good := cheapHash(t, "x")
	tests := []struct {
		name string
		user User
		want string
	}{
		{"no name", User{"", good, Reader, ""}, "has no name: give one"},
		{"colon", User{"a:b", good, Reader, ""}, "the name has a colon or a control character, which basic authentication cannot send: choose another"},
		{"role", User{"rea", good, "admin", ""}, `role "admin": use reader or operator`},
		{"no hash", User{"rea", "", Reader, ""}, "password hash is empty: make one with switchyard hash-password"},
		{"plain text", User{"rea", "hunter2hunter2", Reader, ""}, "password hash is neither bcrypt ($2…) nor argon2id ($argon2id$…): a password in plain text is not accepted, make a hash with switchyard hash-password"},
		{"eaten by a shell", User{"rea", "$2a" + good[7:], Reader, ""}, "password hash is not a whole bcrypt hash: it has 56 characters, of 60 such as $2b$12$… and letters, digits, dots and slashes; check that no shell expanded a $"},
		{"cut short", User{"rea", good[:50], Reader, ""}, "password hash is not a whole bcrypt hash: it has 50 characters, of 60 such as $2b$12$… and letters, digits, dots and slashes; check that no shell expanded a $"},
		{"not of its letters", User{"rea", good[:59] + "!", Reader, ""}, "password hash is not a whole bcrypt hash: it has 60 characters, of 60 such as $2b$12$… and letters, digits, dots and slashes; check that no shell expanded a $"},
		{"too dear", User{"rea", "$2a$31$" + good[7:], Reader, ""}, "password hash has bcrypt cost 31: at most 15 is allowed"},
		{"old argon", User{"rea", strings.Replace(argonHash("x"), "v=19", "v=16", 1), Reader, ""}, "password hash is not an argon2id hash of version 19: write $argon2id$v=19$m=…,t=…,p=…$salt$hash"},
		{"argon settings", User{"rea", strings.Replace(argonHash("x"), "m=64,t=1", "t=1,m=64", 1), Reader, ""}, "password hash has unreadable argon2id settings: write m=…,t=…,p=… in this order"},
		{"argon memory", User{"rea", strings.Replace(argonHash("x"), "m=64", "m=4194304", 1), Reader, ""}, "password hash has argon2id settings m=4194304,t=1,p=1: allowed are m up to 262144 KiB and at least 8 for each thread, t from 1 to 16, p from 1 to 16"},
		{"argon time", User{"rea", strings.Replace(argonHash("x"), "t=1", "t=0", 1), Reader, ""}, "password hash has argon2id settings m=64,t=0,p=1: allowed are m up to 262144 KiB and at least 8 for each thread, t from 1 to 16, p from 1 to 16"},
		{"argon salt", User{"rea", "$argon2id$v=19$m=64,t=1,p=1$!!!$" + argonHash("x")[60:], Reader, ""}, "password hash has an unreadable argon2id salt or hash: both are unpadded base64 of 8 to 64 bytes"},
		{"argon hash", User{"rea", argonHash("x")[:60], Reader, ""}, "password hash has an unreadable argon2id salt or hash: both are unpadded base64 of 8 to 64 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readUsers([]User{tt.user})
			if err == nil {
				t.Fatal("accepted")
			}
			if err.Error() != fmt.Sprintf("monitor user %q: %s", tt.user.Name, tt.want) {
				t.Errorf("error %q, want the user and %q", err, tt.want)
			}
			if len(tt.user.PasswordHash) > 10 && strings.Contains(err.Error(), tt.user.PasswordHash[len(tt.user.PasswordHash)-10:]) {
				t.Errorf("error %q quotes the hash", err)
			}
		})
	}
}

func TestAUserListedTwiceIsRefused(t *testing.T) {
	u := User{"rea", cheapHash(t, "x"), Reader, ""}
	if _, err := readUsers([]User{u, u}); fmt.Sprint(err) != `monitor user "rea": is listed twice: remove one of the two` {
		t.Errorf("error %v", err)
	}
}

func FuzzReadHashNeverPanicsNorQuotesTheHash(f *testing.F) {
	f.Add("$2a$10$")
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$")
	f.Fuzz(func(t *testing.T, start string) {
		const secret = "c2VjcmV0c2VjcmV0"
		_, err := readHash(start + secret)
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("error %q quotes the hash", err)
		}
	})
}
