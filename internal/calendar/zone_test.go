package calendar

import (
	"fmt"
	"strings"
	"testing"
)

func TestBadZonesAreNamedWithARemedy(t *testing.T) {
	for _, zone := range []string{"Mars/Olympus", "Local", "../etc/passwd", "/etc/localtime", strings.Repeat("x", 100)} {
		_, err := LoadZone(zone)
		if want := fmt.Sprintf("zone %.64q is not a time zone: give an IANA name such as Europe/Berlin, or leave it out for UTC", zone); fmt.Sprint(err) != want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}

func TestAZoneThatIsNearlyOneIsProposed(t *testing.T) {
	for zone, want := range map[string]string{
		"europe/berlin": "Europe/Berlin", "EUROPE/BERLIN": "Europe/Berlin", "Europe/Berln": "Europe/Berlin", "utc": "UTC",
		"america/port-au-prince": "America/Port-au-Prince", "America/New York": "America/New_York", "Berlin": "Europe/Berlin",
		"Pacific/Auckand": "Pacific/Auckland",
	} {
		_, err := LoadZone(zone)
		if want := fmt.Sprintf("zone %q is not a time zone (did you mean %q?): give an IANA name such as Europe/Berlin, or leave it out for UTC", zone, want); fmt.Sprint(err) != want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}
