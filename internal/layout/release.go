package layout

import (
	"fmt"
	"slices"
	"strings"
)

// Release is one that came out, or that comes out next.
type Release struct {
	Version string
	Commit  string // from which its binaries are built, "" for the next one
	Layout  int    // the latest layout that it knows
	// Payloads are the versions of payloads that it knows, by the kinds that come with Switchyard.
	Payloads map[string]int
}

// Releases are all of them, the next one last. What a release left is never changed once it is out.
var Releases = []Release{
	{
		Version: "0.1.0", Commit: "56c070c2acc6880659457985ead1784bfd95ef12", Layout: 1,
		Payloads: map[string]int{"agent_*": 1, "scrape_page": 1, "scrape_feed": 1, "briefing_generate": 1, "briefing_write": 1},
	},
	{
		Version: "0.2.0", Layout: Known,
		Payloads: map[string]int{
			"agent_*": 2, "scrape_page": 2, "scrape_feed": 1, "scrape_sitemap": 1, "scrape_site": 1, "briefing_generate": 2, "briefing_write": 2,
			"briefing_deliver": 1, "webhook_deliver": 1,
		},
	},
}

// Last returns the release that came out last: the one before this program.
func Last() Release { return Releases[len(Releases)-2] }

// Find returns a release by its version, with or without the v of its tag.
func Find(version string) (Release, error) {
	i := slices.IndexFunc(Releases, func(r Release) bool { return r.Version == strings.TrimPrefix(version, "v") })
	if i < 0 {
		known := make([]string, len(Releases))
		for i, r := range Releases {
			known[i] = r.Version
		}
		return Release{}, fmt.Errorf("release %.40q is unknown here: give one of %s", version, strings.Join(known, ", "))
	}
	return Releases[i], nil
}

// Has reports whether a release has what came with another one.
func (r Release) Has(since string) bool {
	place := func(version string) int {
		return slices.IndexFunc(Releases, func(r Release) bool { return r.Version == version })
	}
	return place(since) >= 0 && place(since) <= place(r.Version)
}

// Payload returns the latest version of the payload of a kind that the release knows; 0 says that it does
// not know the kind. ok says whether the kind comes with Switchyard.
func (r Release) Payload(kind string) (version int, ok bool) {
	if strings.HasPrefix(kind, "agent_") {
		kind = "agent_*"
	}
	_, ok = Releases[len(Releases)-1].Payloads[kind]
	return r.Payloads[kind], ok
}
