package users

// Changes are what to change of a user's preferences. What is nil stays as it is.
type Changes struct {
	Topics    []string  `json:"topics,omitempty" doc:"What the user wants to read about, in words."`
	Languages *[]string `json:"languages,omitempty" doc:"The languages that the user reads, as codes of two letters. An empty list: all of them."`
	Zone      *string   `json:"zone,omitempty" doc:"An IANA time zone."`
	Time      *string   `json:"time,omitempty" doc:"The time of day there, HH:MM."`
	Channels  []string  `json:"channels,omitempty" doc:"How a briefing arrives."`
	QuietDays *[]string `json:"quiet_days,omitempty" doc:"The weekdays without a briefing, such as sat. An empty list: there are none."`
	Email     *string   `json:"email,omitempty" doc:"Where the channel email goes."`
	Webhook   *string   `json:"webhook,omitempty" doc:"The URL where the channel webhook goes."`
	Chat      *string   `json:"chat,omitempty" doc:"Where the channel chat goes: the name of a chat of the configuration."`
}

// Apply makes the changes. It is what [Store.Change] calls.
func (c Changes) Apply(u *User) {
	if c.Topics != nil {
		u.Topics = c.Topics
	}
	if c.Languages != nil {
		u.Languages = *c.Languages
	}
	if c.Channels != nil {
		u.Channels = c.Channels
	}
	if c.QuietDays != nil {
		u.QuietDays = *c.QuietDays
	}
	for to, text := range map[*string]*string{&u.Zone: c.Zone, &u.Time: c.Time, &u.Email: c.Email, &u.Webhook: c.Webhook, &u.Chat: c.Chat} {
		if text != nil {
			*to = *text
		}
	}
}
