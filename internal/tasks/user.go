package tasks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxUser bounds a user id, in characters.
const maxUser = 200

// CheckUser reports why id cannot name a user. Whatever an application has will do, as long
// as it can be printed: it goes into channel names as it is, and into keys and file names by
// [UserKey]. "*" stands for everyone.
func CheckUser(id string) error {
	switch {
	case id == "":
		return Field("user", `field "user" is empty: give a user id`)
	case id == "*":
		return errors.New(`user "*" stands for everyone: give the id of one user`)
	case !utf8.ValidString(id):
		return fmt.Errorf("user %.50q is not UTF-8: give its id in UTF-8", id)
	case utf8.RuneCountInString(id) > maxUser:
		return fmt.Errorf("user %.20q… has %d characters: at most %d are allowed", id, utf8.RuneCountInString(id), maxUser)
	}
	for _, r := range id {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("user %.50q has the character %U: leave out what cannot be printed, such as line breaks", id, r)
		}
	}
	return nil
}

// plainUser is what stands for itself in a key.
const plainUser = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@+-"

// UserKey returns the user id as it stands in keys and file names: each byte but letters,
// digits and _.@+- is written as % and two hexadecimal digits, so that no id can be taken for
// another, or end early. Ids of those characters alone stand for themselves, but for "." and
// "..", which name directories. So does "*", which is everyone and no user.
// internal/queue/user.lua does the same.
func UserKey(id string) string {
	switch id {
	case "*":
		return id
	case ".", "..":
		return strings.ReplaceAll(id, ".", "%2E")
	}
	var key strings.Builder
	for i := range len(id) {
		if strings.IndexByte(plainUser, id[i]) >= 0 {
			key.WriteByte(id[i])
		} else {
			fmt.Fprintf(&key, "%%%02X", id[i])
		}
	}
	return key.String()
}

// UserOfKey returns the user that stands in a key.
func UserOfKey(key string) string {
	id, err := url.PathUnescape(key)
	if err != nil {
		return key // no key that [UserKey] has made
	}
	return id
}

// maxFileName leaves room in the 255 bytes of a file name for what is added to it.
const maxFileName = 200

// UserFile returns the name of the file or directory of a user. It is the key, and for ids
// whose key is too long its beginning and a sum over the id.
func UserFile(id string) string {
	key := UserKey(id)
	if len(key) <= maxFileName {
		return key
	}
	sum := sha256.Sum256([]byte(id))
	return key[:maxFileName-33] + "~" + hex.EncodeToString(sum[:16]) // no key has a ~
}

// UserOf returns the user a payload acts for: the string under "user", which every
// kind that works for one user has. It is "" if there is none.
func UserOf(payload []byte) string {
	if !mayNameUser(payload) {
		return ""
	}
	var p struct {
		User string `json:"user"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return ""
	}
	return p.User
}

// mayNameUser reports whether a payload may have a field "user", in any spelling that JSON
// allows. It is much cheaper than to read the payload, which most tasks without a user are
// spared.
func mayNameUser(payload []byte) bool {
	for i, c := range payload {
		switch {
		case c == '\\' || c >= utf8.RuneSelf:
			return true
		case (c == 'u' || c == 'U') && i+4 <= len(payload) && bytes.EqualFold(payload[i:i+4], []byte("user")):
			return true
		}
	}
	return false
}
