package calendar

import (
	"strings"
	"testing"
)

func TestBadZonesAreNamedWithARemedy(t *testing.T) {
	for _, zone := range []string{"Mars/Olympus", "Local", "../etc/passwd", "/etc/localtime", strings.Repeat("x", 100)} {
		_, err := LoadZone(zone)
		if err == nil || !strings.Contains(err.Error(), "give an IANA name") || strings.Contains(err.Error(), "did you mean") {
			t.Errorf("LoadZone(%.20q) = %v, want an error with a remedy and no guess", zone, err)
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
		if err == nil || !strings.Contains(err.Error(), `did you mean "`+want+`"?`) {
			t.Errorf("LoadZone(%q) = %v, want %s proposed", zone, err, want)
		}
	}
}
