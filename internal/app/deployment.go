package app

import (
	"cmp"

	"github.com/redis/go-redis/v9"

	"switchyard/internal/cache"
	"switchyard/internal/config"
	"switchyard/internal/deployment"
)

// DeploymentName is the name of the deployment that a configuration is of, "" if its redis.url
// cannot be read.
func DeploymentName(c config.Config) string {
	client, err := cache.Connect(c.RedisOptions())
	if err != nil {
		return ""
	}
	defer func() { _ = client.Close() }()
	return nameOf(c, client)
}

func nameOf(c config.Config, client redis.UniversalClient) string {
	return cmp.Or(c.Control.Namespace, deployment.Name(c.Redis.Prefix, client))
}
