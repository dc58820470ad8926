package config

import (
	"fmt"
	"testing"
)

func TestProxiesAreAddressesOrNetworks(t *testing.T) {
	c, err := Load("", []string{"SWITCHYARD_MONITOR_PROXIES=127.0.0.1,10.0.0.0/8,::1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if networks, err := c.Monitor.Networks(); err != nil || fmt.Sprint(networks) != "[127.0.0.1/32 10.0.0.0/8 ::1/128]" {
		t.Errorf("networks %v, %v", networks, err)
	}
	_, err = Load("", []string{"SWITCHYARD_MONITOR_PROXIES=127.0.0.1,localhost"}, nil)
	if want := `monitor.proxies: "localhost": use an address such as 127.0.0.1 or a network such as 10.0.0.0/8`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
