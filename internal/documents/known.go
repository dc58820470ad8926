package documents

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxKnown bounds the text and the data of the documents that are known, in bytes.
const maxKnown = 32 << 20

// known are documents as they were read, since many users are briefed on the same ones at the same
// time. Reading and decoding them for each user took most of a worker's time. It is safe for
// concurrent use.
type known struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[string, entry] // by ID
	bytes int
	most  int // of bytes
}

// entry is a document and what tells it from another one at its place: Redis keeps a document as it
// is while its hash and its time stay.
type entry struct {
	document Document
	version  string
}

func newKnown(most int) *known {
	k := &known{most: most}
	var err error
	// The number of documents is bounded by their size, of which each has some.
	if k.lru, err = simplelru.NewLRU(most/entrySize, func(_ string, e entry) { k.bytes -= e.size() }); err != nil {
		panic(err) // of a size that is not positive
	}
	return k
}

// entrySize is about what a document takes beside its text and its data.
const entrySize = 1 << 10

func (e entry) size() int { return entrySize + len(e.document.Text) + len(e.document.Data) }

// versionOf returns what tells a document from another one in its place, "" if there is none.
func versionOf(hash, stored any) string {
	h, hashed := hash.(string)
	s, timed := stored.(string)
	if !hashed || !timed {
		return ""
	}
	return h + " " + s
}

// get returns a document if it is known in this version.
func (k *known) get(id, version string) (Document, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, found := k.lru.Get(id)
	if !found || version == "" || e.version != version {
		return Document{}, false
	}
	return e.document, true
}

// add remembers a document in a version, and forgets those that were asked for longest ago.
func (k *known) add(id string, d Document, version string) {
	if version == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lru.Remove(id)
	e := entry{d, version}
	k.lru.Add(id, e)
	for k.bytes += e.size(); k.bytes > k.most; {
		k.lru.RemoveOldest()
	}
}
