package robots

import (
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// remembered is how long a process goes by what it has read of a site in Redis.
	remembered = time.Minute
	// maxRemembered bounds what is remembered, in bytes.
	maxRemembered = 4 << 20
	// siteSize and ruleSize are about what a site takes beside its rules, and a rule beside its path.
	siteSize, ruleSize = 512, 32
)

// memory has the rules of sites that a process has asked for lately: a site may have thousands, and
// each of its pages needs them. It is safe for concurrent use.
type memory struct {
	now func() time.Time

	mu    sync.Mutex
	sites *simplelru.LRU[string, remark] // by key
	bytes int
}

type remark struct {
	rules Rules
	until time.Time
}

func newMemory(now func() time.Time) *memory {
	m := &memory{now: now}
	m.sites, _ = simplelru.NewLRU(maxRemembered/siteSize, func(_ string, s remark) { m.bytes -= s.size() }) // fails for sizes below 1
	return m
}

func (s remark) size() int {
	n := siteSize
	for _, rule := range s.rules.Rules {
		n += ruleSize + len(rule.Path)
	}
	return n
}

// get returns the rules of a site, and whether they are remembered.
func (m *memory) get(key string) (Rules, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, found := m.sites.Get(key)
	return s.rules, found && m.now().Before(s.until)
}

// add remembers the rules of a site, and forgets those that were asked for longest ago.
func (m *memory) add(key string, rules Rules) {
	s := remark{rules, m.now().Add(remembered)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sites.Remove(key)
	m.sites.Add(key, s)
	for m.bytes += s.size(); m.bytes > maxRemembered; {
		m.sites.RemoveOldest()
	}
}
