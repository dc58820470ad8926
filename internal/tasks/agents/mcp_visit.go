package agents

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// visit is what a run has to do with MCP servers. It is safe for concurrent use.
type visit struct {
	client *http.Client
	run    context.Context // programs end with it
	leave  context.CancelFunc
	life   context.Context // requests to services end with it: it outlives the run, for good-byes
	hangUp context.CancelFunc
	hosts  map[string]*host
	actors sync.WaitGroup // what runs for programs
}

func newVisit(ctx context.Context, servers map[string]Server, client *http.Client) *visit {
	v := &visit{client: client, hosts: make(map[string]*host, len(servers))}
	v.run, v.leave = context.WithCancel(ctx)
	v.life, v.hangUp = context.WithCancel(context.WithoutCancel(ctx))
	for name, server := range servers {
		v.hosts[name] = newHost(v, name, server)
	}
	return v
}

// close leaves all servers, and ends the programs with their groups.
func (v *visit) close() {
	late := time.AfterFunc(mcpGrace, v.hangUp)
	defer late.Stop()
	var leaving sync.WaitGroup
	for _, h := range v.hosts {
		leaving.Go(h.close)
	}
	leaving.Wait()
	v.leave()
	v.hangUp()
	v.actors.Wait()
}

// tool returns a tool of a definition, as yet without its description.
func (v *visit) tool(name string) remoteTool {
	server, tool, _ := splitRemote(name)
	return remoteTool{host: v.hosts[server], listed: name, name: tool}
}
