package examples_test

import (
	"testing"

	"switchyard/internal/app"
	"switchyard/internal/config"
)

func TestTheExampleConfigurationIsValid(t *testing.T) {
	c, err := config.Load("switchyard.yaml", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Check(c); err != nil {
		t.Error(err)
	}
}
