package documents

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

// report returns a text of so many words, the same for the same seed.
func report(seed uint64, words int) []string {
	random := rand.New(rand.NewPCG(seed, 0))
	text := make([]string, words)
	for i := range text {
		text[i] = strings.Repeat(string(rune('a'+random.IntN(26))), 1+random.IntN(6)) + string(rune('a'+random.IntN(26)))
	}
	return text
}

func told(url, title string, words []string) Document {
	return Document{URL: url, Title: title, Text: strings.Join(words, " ")}
}

func storyOf(t *testing.T, s *Store, url string) string {
	t.Helper()
	d, found, err := s.Get(t.Context(), ID(url))
	if err != nil || !found {
		t.Fatalf("%s: found %v, %v", url, found, err)
	}
	return d.Story
}

func TestTheSameTextIsOneStoryWhateverItsURL(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := New(client, "p:", 0, newClock().now)
		agency := report(1, 400)
		mustPut(t, s, told("https://agency.example/1", "A dam breaks", agency), Stored)
		mustPut(t, s, told("https://paper.example/dam", "Dam broken, says agency", agency), Stored)
		edited := append(append([]string{"By", "our", "reporter"}, agency[:180]...), report(2, 12)...)
		mustPut(t, s, told("https://other.example/x", "A dam broke", append(edited, agency[180:]...)), Stored)
		mustPut(t, s, told("https://paper.example/else", "A dam breaks", report(3, 400)), Stored)
		mustPut(t, s, told("https://paper.example/half", "A dam breaks", append(agency[:200:200], report(4, 200)...)), Stored)

		first := ID("https://agency.example/1")
		for url, want := range map[string]string{
			"https://agency.example/1":   first,
			"https://paper.example/dam":  first,
			"https://other.example/x":    first,
			"https://paper.example/else": ID("https://paper.example/else"),
			"https://paper.example/half": ID("https://paper.example/half"),
		} {
			if got := storyOf(t, s, url); got != want {
				t.Errorf("%s tells story %s, want %s", url, got, want)
			}
		}
	})
}

func TestShortTextsAreOneStoryOnlyUnderOneTitle(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := New(client, "p:", 0, newClock().now)
		short := strings.Fields("This video cannot be shown in your country.")
		mustPut(t, s, told("https://a.example/1", "Rain over the northern lakes", short), Stored)
		mustPut(t, s, told("https://b.example/1", "Rain over the northern lakes", short), Stored)
		mustPut(t, s, told("https://c.example/2", "Prices of copper at their height", short), Stored)
		if a, b, c := storyOf(t, s, "https://a.example/1"), storyOf(t, s, "https://b.example/1"), storyOf(t, s, "https://c.example/2"); a != b || a == c {
			t.Errorf("stories %s, %s and %s, want the first two the same", a, b, c)
		}
	})
}

func TestCopiesThatArriveTogetherAreOneStory(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := New(client, "p:", 0, newClock().now)
		for round := range 5 {
			var all sync.WaitGroup
			words := report(uint64(round), 300)
			for i := range 4 {
				all.Go(func() {
					if _, err := s.Put(t.Context(), told(fmt.Sprintf("https://%d.example/%d", i, round), "News", words)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			stories := map[string]bool{}
			for i := range 4 {
				stories[storyOf(t, s, fmt.Sprintf("https://%d.example/%d", i, round))] = true
			}
			if len(stories) != 1 {
				t.Errorf("round %d: stories %v, want one", round, stories)
			}
		}
	})
}

// trips counts round trips to Redis.
type trips struct{ n int }

func (r *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.n++
		return next(ctx, cmd)
	}
}

func (r *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		r.n++
		return next(ctx, cmds)
	}
}

// slow holds back what sets one key, and says when it does.
type slow struct {
	key           string
	reached, held chan struct{}
}

// wait holds back, once.
func (s *slow) wait() {
	close(s.reached)
	<-s.held
}

// is reports whether a command is held back.
func (s *slow) is(cmd redis.Cmder) bool {
	return cmd.Name() == "set" && len(cmd.Args()) > 1 && cmd.Args()[1] == s.key
}

func (s *slow) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *slow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if s.is(cmd) {
			s.wait()
		}
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook makes such a command after the others of its pipeline, as the masters of a Cluster may.
func (s *slow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		i := slices.IndexFunc(cmds, s.is)
		if i < 0 {
			return next(ctx, cmds)
		}
		first := append(slices.Clone(cmds[:i]), cmds[i+1:]...)
		err := next(ctx, first)
		s.wait()
		return errors.Join(err, next(ctx, cmds[i:i+1]))
	}
}

func TestAStoryIsThereBeforeItsBandsAre(t *testing.T) {
	server := redistest.Server(t)
	client := redistest.Client(t, server.Addr)
	late, soon := New(client, "p:", 0, newClock().now), New(redistest.Client(t, server.Addr), "p:", 0, newClock().now)
	words := report(1, 300)
	hold := &slow{late.storyKey(ID("https://late.example/")), make(chan struct{}), make(chan struct{})}
	client.AddHook(hold)
	done := make(chan error, 1)
	go func() {
		_, err := late.Put(t.Context(), told("https://late.example/", "News", words))
		done <- err
	}()
	<-hold.reached
	for _, url := range []string{"https://soon.example/", "https://other.example/"} {
		mustPut(t, soon, told(url, "News", words), Stored)
	}
	close(hold.held)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	first := ID("https://soon.example/")
	for _, url := range []string{"https://late.example/", "https://soon.example/", "https://other.example/"} {
		if got := storyOf(t, soon, url); got != first {
			t.Errorf("%s tells story %s, want %s", url, got, first)
		}
	}
}

func TestATextTakesFewRoundTrips(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, r := New(client, "p:", 0, newClock().now), &trips{}
		mustPut(t, s, page(1), Stored) // Redis knows the script then
		client.AddHook(r)
		for i, most := range []int{5, 4} { // the first begins a story, and the other one tells it again
			r.n = 0
			mustPut(t, s, told(fmt.Sprintf("https://%d.example/dam", i), "A dam breaks", report(1, 400)), Stored)
			if r.n > most {
				t.Errorf("document %d took %d round trips, want %d", i, r.n, most)
			}
		}
	})
}

func TestAStoryThatIsToldAgainIsKeptForAnotherTTL(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s, ctx := New(client, "p:", 24*hour, newClock().now), t.Context()
		words := report(1, 400)
		mustPut(t, s, told("https://agency.example/1", "A dam breaks", words), Stored)
		keys := []string{s.storyKey(ID("https://agency.example/1"))}
		for i := range bands {
			keys = append(keys, s.bandKey(signatureOf("", strings.Join(words, " ")).band(i)))
		}
		for _, key := range keys {
			client.PExpire(ctx, key, hour)
		}
		mustPut(t, s, told("https://paper.example/dam", "A dam breaks", words), Stored)
		for _, key := range keys {
			if ttl := client.PTTL(ctx, key).Val(); ttl < 23*hour {
				t.Errorf("%s is kept for %s", key, ttl)
			}
		}
	})
}

func TestACounterMakesNothingNewAndAnotherTextDoes(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		c := newClock()
		s := New(client, "p:", 0, c.now)
		const url = "https://example.com/dam"
		first, words := c.t, report(1, 300)
		mustPut(t, s, told(url, "A dam breaks", append(words, "Read", "1,204", "times", "3", "comments")), Stored)

		c.t = c.t.Add(hour)
		mustPut(t, s, told(url, "A dam breaks", append(words, "Read", "9,881", "times", "17", "comments")), Unchanged)
		d, _, err := s.Get(t.Context(), ID(url))
		if err != nil || !d.Stored.Equal(first) || !strings.Contains(d.Text, "9,881") {
			t.Errorf("stored %s, %v, text %.40q: want the time of the first and the text of the last", d.Stored, err, d.Text[len(d.Text)-40:])
		}
		if recent := titles(t, s, first.Add(hour/2), 10); len(recent) != 0 {
			t.Errorf("new again: %v", recent)
		}

		c.t = c.t.Add(hour)
		mustPut(t, s, told(url, "A dam breaks", append(words, report(2, 120)...)), Changed)
		mustPut(t, s, told(url, "A dam holds", append(words, report(2, 120)...)), Changed)
		if recent := titles(t, s, c.t, 10); len(recent) != 1 {
			t.Errorf("new are %v, want the page that was changed", recent)
		}
	})
}

func TestManySmallChangesBecomeOne(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := New(client, "p:", 0, newClock().now)
		words, extra := report(1, 300), report(2, 300)
		mustPut(t, s, told("https://example.com/live", "Live", words), Stored)
		changed := 0
		for n := 10; n <= 300; n += 10 {
			state, err := s.Put(t.Context(), told("https://example.com/live", "Live", append(words[:len(words):len(words)], extra[:n]...)))
			if err != nil {
				t.Fatal(err)
			}
			if state == Changed {
				changed++
			}
		}
		if changed < 2 || changed > 8 {
			t.Errorf("a page that doubled in 30 steps was new %d times, want a few", changed)
		}
	})
}

func TestSignaturesAreAlikeAsTheirTextsAre(t *testing.T) {
	a := signatureOf("", strings.Join(report(1, 200), " "))
	if n := alike(a.String(), a.String()); n != bands*rows {
		t.Errorf("a text is like itself in %d places, want %d", n, bands*rows)
	}
	if n := alike(a.String(), signatureOf("", strings.Join(report(2, 200), " ")).String()); n > 2 {
		t.Errorf("two texts with nothing in common are alike in %d places", n)
	}
	if n := alike(a.String(), "zz"); n != 0 {
		t.Errorf("what is no signature is alike in %d places", n)
	}
}
