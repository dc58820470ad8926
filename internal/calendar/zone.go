package calendar

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones exist everywhere, also in an image with no files but ours
)

// maxZone is longer than any IANA zone name.
const maxZone = 64

// zones holds those loaded: loading one reads and parses a file. Only names that exist
// are kept, of which there are about six hundred.
var zones sync.Map // name -> *time.Location

// LoadZone returns the IANA time zone of that name; "" is UTC. The machine's own zone,
// Local, is refused: it differs between machines. So is a name in other letters, which only
// some machines take. It is safe for concurrent use.
func LoadZone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	if name == "Local" || len(name) > maxZone {
		return nil, zoneError(name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, zoneError(name)
	}
	if near := nearestZone(name); near != name && strings.EqualFold(near, name) {
		return nil, zoneError(name)
	}
	zones.Store(name, zone)
	return zone, nil
}

func zoneError(name string) error {
	suggestion := ""
	if len(name) <= maxZone {
		suggestion = didYouMean(nearestZone(name))
	}
	return fmt.Errorf("zone %.64q is not a time zone%s: give an IANA name such as Europe/Berlin, or leave it out for UTC", name, suggestion)
}
