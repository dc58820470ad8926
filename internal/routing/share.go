package routing

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// share is a part of all users, such as 5%. The zero value is none: a rule without one is for
// everybody.
type share struct {
	percent float64
	given   bool
}

// parseShare reads a share, such as "5%" or "0.5%"; "" is none.
func parseShare(text string) (share, error) {
	if text == "" {
		return share{}, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(number, 64)
	if !percent || err != nil || !(n >= 0 && n <= 100) {
		return share{}, fmt.Errorf("share %.20q: use a percentage of users from 0%% to 100%%, such as 5%%", text)
	}
	return share{n, true}, nil
}

// has reports whether a user is in the share. A larger share has all users of a smaller one. Who is in
// is decided by the first four bytes of the SHA-256 of the user's ID, as a part of 2^32, so that
// other programs can tell. Nobody, "", is in no share.
func (s share) has(user string) bool {
	sum := sha256.Sum256([]byte(user))
	return user != "" && float64(binary.BigEndian.Uint32(sum[:4]))/(1<<32)*100 < s.percent
}
