// Package chat sends short messages to chats. It knows of each failure whether the message may have
// arrived all the same. The library behind it is held to a time and to a number of messages at once:
// it takes no context, and parts of it wait as long as a service likes.
package chat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// Timeout bounds one message.
const Timeout = 20 * time.Second

// MaxText bounds a message, in bytes. No service cuts one of that size into several.
const MaxText = 1500

// atOnce bounds the messages under way, those that are no longer waited for among them.
const atOnce = 16

// Error says why a message was not sent.
type Error struct {
	Chat string
	// Doubtful says that the message may have arrived.
	Doubtful bool
	text     string
}

// Error implements error. It holds no part of the chat's URL.
func (e *Error) Error() string { return fmt.Sprintf("chat %q: %s", e.Chat, e.text) }

// Sender sends messages to the chats of a configuration. It is safe for concurrent use.
type Sender struct {
	urls map[string]string
	busy chan struct{}
	send func(url, title, text string) error
}

// NewSender returns a sender to chats by their names. Their URLs are of the library's forms, such as
// slack://, and secret.
func NewSender(urls map[string]string) *Sender {
	return &Sender{urls: urls, busy: make(chan struct{}, atOnce), send: throughLibrary}
}

// Check reports why a URL is none of a chat. The error does not repeat it.
func Check(url string) error {
	var r router.ServiceRouter
	scheme, _, err := r.ExtractServiceName(url)
	if err != nil || !strings.Contains(url, "://") {
		return errors.New("it is no URL of a chat: give one such as slack://hook:token@webhook")
	}
	if _, err := r.NewService(scheme); err != nil {
		known := r.ListServices()
		slices.Sort(known)
		return fmt.Errorf("it begins with %.20q: use one of %s", scheme+"://", strings.Join(known, ", "))
	}
	return nil
}

// Send sends a message of at most [MaxText] bytes to a chat. The error is an [*Error].
func (s *Sender) Send(ctx context.Context, name, title, text string) error {
	url, ok := s.urls[name]
	if !ok {
		return &Error{Chat: name, text: fmt.Sprintf("it is not among chats: use one of %q, or have it added", slices.Sorted(maps.Keys(s.urls)))}
	}
	select {
	case s.busy <- struct{}{}:
	default:
		return &Error{Chat: name, text: fmt.Sprintf("%d messages are under way and do not end", atOnce)}
	}
	sent := make(chan error, 1)
	go func() {
		defer func() { <-s.busy }()
		defer func() {
			if r := recover(); r != nil {
				sent <- fmt.Errorf("the library has failed: %v", r)
			}
		}()
		sent <- s.send(url, title, text)
	}()
	timer := time.NewTimer(Timeout)
	defer timer.Stop()
	select {
	case err := <-sent:
		return explain(name, err)
	case <-timer.C:
		return &Error{Chat: name, Doubtful: true, text: fmt.Sprintf("no answer within %s", Timeout)}
	case <-ctx.Done():
		return &Error{Chat: name, Doubtful: true, text: "stopped while it was sent: " + context.Cause(ctx).Error()}
	}
}

func throughLibrary(url, title, text string) error {
	r, err := router.New(nil, url)
	if err != nil {
		return fmt.Errorf("%w: %w", errSetUp, err)
	}
	r.Timeout = Timeout
	params := &types.Params{}
	if title != "" {
		params.SetTitle(title)
	}
	return errors.Join(r.Send(text, params)...)
}
