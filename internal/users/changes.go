package users

// Changes are what to change of a user's preferences. What is nil stays as it is.
type Changes struct {
	Topics   []string `json:"topics,omitempty" doc:"What the user wants to read about, in words."`
	Zone     *string  `json:"zone,omitempty" doc:"An IANA time zone."`
	Time     *string  `json:"time,omitempty" doc:"The time of day there, HH:MM."`
	Channels []string `json:"channels,omitempty" doc:"How a briefing arrives."`
}

// Apply makes the changes. It is what [Store.Change] calls.
func (c Changes) Apply(u *User) {
	if c.Topics != nil {
		u.Topics = c.Topics
	}
	if c.Channels != nil {
		u.Channels = c.Channels
	}
	if c.Zone != nil {
		u.Zone = *c.Zone
	}
	if c.Time != nil {
		u.Time = *c.Time
	}
}
