package config

import (
	"os"

	"switchyard/internal/routing"
)

// Flags are the command line flags every command has. They win over the environment
// and the file.
type Flags struct {
	Config    string  `help:"Configuration file (YAML)." placeholder:"FILE" env:"SWITCHYARD_CONFIG"`
	Redis     *string `help:"Redis URL: redis://[user:password@]host:port[/db], also rediss://, redis-sentinel:// and redis-cluster://." placeholder:"URL"`
	LogLevel  *string `help:"debug, info, warn or error."`
	LogFormat *string `help:"auto, json or console."`

	// Own are the policies that the program gives to kinds of its own.
	Own map[string]routing.Patch `kong:"-"`
}

// RedisFlag names the flag that gives the URL of Redis.
const RedisFlag = "--redis"

// Load reads the configuration of this process. override, if not nil, applies what the
// command's own flags say.
func (f Flags) Load(override func(*Config)) (Config, error) {
	return Load(f.Config, os.Environ(), func(c *Config) {
		c.Own = f.Own
		if f.Redis != nil {
			c.Redis.URL, c.Redis.From = *f.Redis, RedisFlag
		}
		set(&c.Log.Level, f.LogLevel)
		set(&c.Log.Format, f.LogFormat)
		if override != nil {
			override(c)
		}
	})
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
