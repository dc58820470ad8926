package series

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"switchyard/test/redistest"
)

func TestMinutesAddUpInTheirSteps(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client redis.UniversalClient) {
		store := NewStore(client, "switchyard:")
		from := time.Date(2026, 11, 27, 9, 50, 0, 0, time.UTC) // its steps cross an hour
		for i := range 40 {
			at := from.Add(time.Duration(i-5) * time.Minute)
			client.HSet(t.Context(), key(at), fmt.Sprint(at.Minute()), "1,0,2", fmt.Sprint("s", at.Minute()), fmt.Sprint(i, ",1,0,0,0,", 1000*i))
		}
		all, err := store.Read(t.Context(), []string{"agents", "none"}, from.Add(20*time.Second), from.Add(30*time.Minute+time.Second), 15*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		want := []Point{
			{At: from, Succeeded: 15, Dead: 30, Depth: &Depth{Waiting: 19, Running: 1, Oldest: 19 * time.Second}},
			{At: from.Add(15 * time.Minute), Succeeded: 15, Dead: 30, Depth: &Depth{Waiting: 34, Running: 1, Oldest: 34 * time.Second}},
		}
		same := func(a, b Point) bool {
			x, y := *a.Depth, *b.Depth
			a.Depth, b.Depth = nil, nil
			return a == b && x == y
		}
		if got := all.Queues[0]; got.Queue != "agents" || !slices.EqualFunc(got.Points, want, same) {
			t.Errorf("%+v, want %+v", got, want)
		}
		if !slices.EqualFunc(all.Total, want, same) {
			t.Errorf("in total %+v, want %+v", all.Total, want)
		}
		if got := all.Queues[1].Points; !slices.Equal(got, []Point{{At: from}, {At: from.Add(15 * time.Minute)}}) {
			t.Errorf("of a queue without figures: %+v", got)
		}
	})
}

func TestAPercentileIsWithinItsBucket(t *testing.T) {
	at := func(times ...time.Duration) Spread {
		var h [buckets]int64
		for _, d := range times {
			h[bucketOf(d)]++
		}
		return spreadOf(h[:])
	}
	if s := at(); s != (Spread{}) {
		t.Errorf("of none: %+v", s)
	}
	if s := at(0, 0, 0, 0); s.P50 != 500*time.Microsecond || s.P95 != 950*time.Microsecond {
		t.Errorf("within the first bucket it goes evenly: %+v", s)
	}
	if s := at(time.Hour); s.P50 != 1000*time.Second || s.P95 != 1000*time.Second {
		t.Errorf("beyond all bounds: %+v", s)
	}
	var many []time.Duration
	for i := range 100 {
		many = append(many, time.Duration(i+1)*100*time.Millisecond) // up to 10 s
	}
	s := at(many...)
	for got, want := range map[time.Duration]time.Duration{s.P50: 5 * time.Second, s.P95: 9500 * time.Millisecond} {
		if off := math.Abs(math.Log10(float64(got) / float64(want))); off > 0.5 {
			t.Errorf("estimated %s, want about %s", got, want)
		}
	}
	if s.Count != 100 || s.P50 > s.P95 {
		t.Errorf("%+v", s)
	}
}

func TestAHundredQueuesHaveFigures(t *testing.T) {
	var known []string
	for i := range 200 {
		known = append(known, fmt.Sprintf("foreign%03d", i))
	}
	got := Queues([]string{"default", "agents"}, append(known, "", "a\nb", "\xff", "agents"))
	if len(got) != 100 || !slices.Equal(got[:3], []string{"agents", "default", "foreign000"}) || got[99] != "foreign097" {
		t.Errorf("%d: %v", len(got), got)
	}
}

// BenchmarkReadADay reads a day of four queues of which each minute is full.
func BenchmarkReadADay(b *testing.B) {
	client := redistest.Client(b, redistest.Server(b).Addr)
	store := NewStore(client, "switchyard:")
	queues := []string{"agents", "briefings", "scraping", "default"}
	to := time.Date(2026, 11, 27, 9, 50, 0, 0, time.UTC)
	var v vector
	for i := range v {
		v[i] = int64(1000 + i)
	}
	_, err := client.Pipelined(b.Context(), func(p redis.Pipeliner) error {
		for _, queue := range queues {
			for i := range 24 * 60 {
				at := to.Add(-time.Duration(i+1) * time.Minute)
				p.HSet(b.Context(), store.key(queue, at.Unix()/3600), fmt.Sprint(at.Minute()), v.text(), fmt.Sprint("s", at.Minute()), "1000,20,300,40,5000,60000")
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := store.Read(b.Context(), queues, to.Add(-24*time.Hour), to, 15*time.Minute); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNumbersAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string][4]int64{
		"":                            {},
		"1":                           {1},
		"1,22,333,4444,5":             {1, 22, 333, 4444},
		"0,,7":                        {0, 0, 7},
		"x1,1x,-1, 2":                 {},
		"1000000000000,1000000000001": {1000000000000},
		"10000000000000,9":            {0, 9},
		"99999999999999999999999,8":   {0, 8},
		"1.5,2e3,+4,3":                {0, 0, 0, 3},
	} {
		var got [4]int64
		if read(text, got[:]); got != want {
			t.Errorf("%q is read as %v, want %v", text, got, want)
		}
	}
	v := vector{3, 0, 12}
	var again vector
	if read(v.text(), again[:]); again != v || v.text() != "3,0,12" {
		t.Errorf("%q is read as %v", v.text(), again)
	}
}
