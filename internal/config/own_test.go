package config

import (
	"testing"
	"time"

	"switchyard/internal/routing"
)

func TestThePolicyOfAProgramsOwnKindYieldsToTheConfiguration(t *testing.T) {
	own := map[string]routing.Patch{"report_build": {Retries: new(1), HardLimit: new(time.Hour)}}
	path := write(t, "policies: {report_build: {retries: 7, soft_limit: 50m}}") // more than the hard limit of others
	c, err := Load(path, nil, func(c *Config) { c.Own = own })
	if err != nil {
		t.Fatal(err)
	}
	table, err := c.Table()
	if err != nil {
		t.Fatal(err)
	}
	route, err := table.Route("report_build")
	if p := route.Policy; err != nil || p.Retries != 7 || p.SoftLimit != 50*time.Minute || p.HardLimit != time.Hour || p.RetryDelay != 30*time.Second {
		t.Errorf("policy %+v, %v", p, err)
	}
	if own["report_build"].SoftLimit != nil {
		t.Error("what the program gave has changed")
	}
}
