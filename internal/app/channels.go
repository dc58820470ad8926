package app

import (
	"os"
	"time"

	"switchyard/internal/chat"
	"switchyard/internal/mail"
	"switchyard/internal/tasks/briefings"
	"switchyard/internal/tasks/webhooks"
	"switchyard/internal/users"
	"switchyard/internal/web"
)

// channels returns those by which this configuration delivers briefings.
func (s *System) channels(poster *web.Poster) (map[string]briefings.Channel, error) {
	c := s.Config
	all := map[string]briefings.Channel{
		users.InApp: &briefings.InApp{Status: s.Events},
		users.File:  &briefings.File{Dir: c.Briefings.Dir},
		users.Webhook: &briefings.Webhook{
			Check:  webhooks.Offer{Targets: s.hookTargets(), Signed: s.hookSigner() != nil}.Check,
			Signer: s.hookSigner(), Poster: poster, Now: time.Now,
		},
	}
	if c.Email.Server != "" {
		sender, err := mail.NewSender(c.Email.Options())
		if err != nil {
			return nil, err
		}
		all[users.Email] = &briefings.Email{Mailer: sender}
	}
	if len(c.Chats) > 0 {
		urls := make(map[string]string, len(c.Chats))
		for name, one := range c.Chats {
			urls[name] = os.Getenv(one.URLEnv)
		}
		all[users.Chat] = &briefings.Chat{Chatter: chat.NewSender(urls)}
	}
	return all, nil
}
