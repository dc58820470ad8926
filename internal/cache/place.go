package cache

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// checkPlace reports what go-redis would take from a URL without a word, and fail with or leave
// out later: ports and databases that cannot be.
func checkPlace(u *url.URL) error {
	for _, host := range append(strings.Split(u.Host, ","), u.Query()["addr"]...) {
		one, err := url.Parse("redis://" + host)
		if err != nil {
			return fmt.Errorf("host %q: give host:port", host)
		}
		if n, err := strconv.ParseUint(one.Port(), 10, 16); one.Port() != "" && (err != nil || n == 0) {
			return fmt.Errorf("host %q: use a port of 1 to 65535", host)
		}
	}
	if n, err := strconv.Atoi(path.Base(u.Path)); err == nil && n < 0 {
		return fmt.Errorf("database %d: use 0 or more", n)
	}
	if strings.HasSuffix(u.Scheme, "-cluster") && strings.Trim(u.Path, "/0") != "" {
		return errors.New("a Cluster has no databases: leave out what follows the hosts")
	}
	return nil
}
