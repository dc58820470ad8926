package config

import (
	"errors"
	"fmt"
	"net/netip"
)

// Networks returns the proxies in front of the monitor. The error names each that is none.
func (m Monitor) Networks() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var errs []error
	for _, text := range m.Proxies {
		network, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			network, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("monitor.proxies: %.60q: use an address such as 127.0.0.1 or a network such as 10.0.0.0/8", text))
		}
		networks = append(networks, network)
	}
	return networks, errors.Join(errs...)
}
