package users

// Changes are what to change of a user's preferences. What is nil stays as it is.
type Changes struct {
	Topics       []string                  `json:"topics,omitempty" doc:"What the user wants to read about, in words."`
	Languages    *[]string                 `json:"languages,omitempty" doc:"The languages that the user reads, as codes of two letters. An empty list: all of them."`
	Zone         *string                   `json:"zone,omitempty" doc:"An IANA time zone."`
	Time         *string                   `json:"time,omitempty" doc:"The time of day there, HH:MM."`
	Channels     []string                  `json:"channels,omitempty" doc:"How a briefing arrives."`
	QuietDays    *[]string                 `json:"quiet_days,omitempty" doc:"The weekdays without a briefing, such as sat. An empty list: there are none."`
	Editions     map[string]EditionChanges `json:"editions,omitempty" doc:"What to change of editions, by their names. One that is not there is added."`
	DropEditions []string                  `json:"drop_editions,omitempty" doc:"The names of editions to end."`
	Email        *string                   `json:"email,omitempty" doc:"Where the channel email goes."`
	Webhook      *string                   `json:"webhook,omitempty" doc:"The URL where the channel webhook goes."`
	Chat         *string                   `json:"chat,omitempty" doc:"Where the channel chat goes: the name of a chat of the configuration."`
}

// EditionChanges are what to change of an edition. What is nil stays as it is.
type EditionChanges struct {
	Days     *[]string `json:"days,omitempty" doc:"The weekdays on which it comes, such as mon. An empty list: all but the quiet days."`
	Items    *int      `json:"items,omitempty" doc:"How many pages it has at most. 0: as many as the configuration says."`
	Sections *[]string `json:"sections,omitempty" doc:"The sections that it has: news, paused, decisions, failed, done. An empty list: all."`
	Tone     *string   `json:"tone,omitempty" doc:"How the agent is to write that writes the texts, in words."`
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
	c.applyEditions(u)
	for to, text := range map[*string]*string{&u.Zone: c.Zone, &u.Time: c.Time, &u.Email: c.Email, &u.Webhook: c.Webhook, &u.Chat: c.Chat} {
		if text != nil {
			*to = *text
		}
	}
}

// applyEditions makes the changes of editions. A user who has chosen none has the daily one.
func (c Changes) applyEditions(u *User) {
	if len(c.Editions) == 0 && len(c.DropEditions) == 0 {
		return
	}
	editions := make(map[string]Edition)
	for _, name := range u.EditionNames() {
		editions[name], _ = u.Edition(name)
	}
	for name, change := range c.Editions {
		editions[name] = change.apply(editions[name])
	}
	for _, name := range c.DropEditions {
		delete(editions, name)
	}
	u.Editions = editions
}

func (c EditionChanges) apply(e Edition) Edition {
	if c.Days != nil {
		e.Days = *c.Days
	}
	if c.Items != nil {
		e.Items = *c.Items
	}
	if c.Sections != nil {
		e.Sections = *c.Sections
	}
	if c.Tone != nil {
		e.Tone = *c.Tone
	}
	return e
}
