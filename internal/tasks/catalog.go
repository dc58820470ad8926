package tasks

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Kind is what whoever sends tasks knows of those of one kind, and nothing of what performs them.
type Kind struct {
	Name string
	// Version of the payload's shape, from 1. A worker leaves a task of a later version than it
	// knows to a newer worker instead of misreading it.
	Version int
	// Args is the type of its payload, from which doors work out its JSON Schema.
	Args reflect.Type
	// Internal kinds are sent by Switchyard alone: no list names them, and no door takes them.
	Internal bool
	// Check reports why a payload is not valid.
	Check func(payload []byte) error
}

// KindOf returns the kind whose args are of type A.
func KindOf[A any](name string, version int) Kind {
	return Kind{Name: name, Version: version, Args: reflect.TypeFor[A](), Check: func(payload []byte) error {
		_, err := Decode[A](payload)
		return err
	}}
}

// Catalog holds the kinds a process knows. It does not change once made.
type Catalog struct {
	kinds      map[string]Kind
	maxPayload int
	celerys    map[string]bool // kinds that workers of Celery perform
}

// NewCatalog collects kinds. maxPayload bounds payloads in bytes;
// 0 means [DefaultMaxPayload]. A kind defined twice is an error.
func NewCatalog(maxPayload int, kinds ...Kind) (*Catalog, error) {
	if maxPayload == 0 {
		maxPayload = DefaultMaxPayload
	}
	c := &Catalog{kinds: make(map[string]Kind, len(kinds)), maxPayload: maxPayload}
	for _, k := range kinds {
		if err := CheckKind(k.Name); err != nil {
			return nil, err
		}
		if _, ok := c.kinds[k.Name]; ok {
			return nil, fmt.Errorf("kind %q is defined twice", k.Name)
		}
		c.kinds[k.Name] = k
	}
	return c, nil
}

// Without returns c, which refuses tasks of kinds that workers of Celery perform and nobody here.
func (c *Catalog) Without(celerys ...string) *Catalog {
	all := Catalog{kinds: c.kinds, maxPayload: c.maxPayload, celerys: make(map[string]bool, len(celerys))}
	for _, name := range celerys {
		all.celerys[name] = true
	}
	return &all
}

// Names returns the names of the known kinds that may be sent, sorted.
func (c *Catalog) Names() []string {
	var names []string
	for name, k := range c.kinds {
		if !k.Internal && !c.celerys[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Lookup returns the kind of that name. The error lists those there are.
func (c *Catalog) Lookup(name string) (Kind, error) {
	k, ok := c.kinds[name]
	if !ok && c.celerys[name] {
		return k, errCelerys(name)
	}
	if !ok {
		return k, fmt.Errorf("kind %q is unknown: known are %s", name, strings.Join(c.Names(), ", "))
	}
	return k, nil
}

// CheckSent reports that nobody here may send tasks of a kind.
func (c *Catalog) CheckSent(name string) error {
	if c.celerys[name] {
		return errCelerys(name)
	}
	_, err := c.Lookup(name)
	return err
}

// CheckSize reports that a payload is too large to be handled.
func (c *Catalog) CheckSize(kind string, payload []byte) error {
	if len(payload) > c.maxPayload {
		return fmt.Errorf("%s: payload has %d bytes, at most %d are allowed: store the data and send a reference", kind, len(payload), c.maxPayload)
	}
	return nil
}

// Check reports why a payload cannot be a task of a kind: the kind is unknown, the payload too
// large, or not valid for it.
func (c *Catalog) Check(name string, payload []byte) (Kind, error) {
	if err := c.CheckSent(name); err != nil {
		return Kind{}, err
	}
	k := c.kinds[name]
	if err := c.CheckSize(name, payload); err != nil {
		return k, err
	}
	if err := k.Check(payload); err != nil {
		return k, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// errCelerys is why nobody may send a task of a kind here.
func errCelerys(name string) error {
	return fmt.Errorf("kind %q is performed by Celery's workers (celery.kinds.%s.runtime is python): send it with Celery, or give it an entry of the schedule", name, name)
}
