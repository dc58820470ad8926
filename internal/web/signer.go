package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Signer signs calls as Standard Webhooks describe (https://www.standardwebhooks.com). A nil Signer
// names calls and signs nothing. It is safe for concurrent use.
type Signer struct{ webhook *standardwebhooks.Webhook }

// NewSigner returns a signer with a secret, which is whsec_ and base64. The error does not repeat it.
func NewSigner(secret string) (*Signer, error) {
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil || secret == "" {
		return nil, errors.New("it is no Standard Webhooks secret: give whsec_ and base64")
	}
	return &Signer{webhook}, nil
}

// Sign adds to the header of a call what its receiver needs to know that it is ours, and new: its
// id, the time and the signature over both and its body.
func (s *Signer) Sign(header http.Header, id string, at time.Time, body []byte) error {
	header.Set("Content-Type", "application/json")
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	if s == nil {
		return nil
	}
	signature, err := s.webhook.Sign(id, at, body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}
