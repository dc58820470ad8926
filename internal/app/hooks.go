package app

import (
	"time"

	"switchyard/internal/tasks/webhooks"
	"switchyard/internal/web"
)

// tellWithin bounds one try to tell an address of an end.
const tellWithin = 15 * time.Second

// hookTargets returns where notices may go.
func (s *System) hookTargets() webhooks.Targets {
	return webhooks.Targets{Hosts: s.Config.Webhooks.Allow}
}

// hookSigner returns what signs notices, nil without a secret. The configuration has been checked.
func (s *System) hookSigner() *web.Signer {
	signer, err := web.NewSigner(s.Config.Webhooks.Secret.Reveal())
	if err != nil {
		return nil
	}
	return signer
}
