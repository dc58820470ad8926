package article

import (
	"testing"
	"time"
)

func TestPublishedIsATimeThePageCouldHave(t *testing.T) {
	const none = "0001-01-01T00:00:00Z"
	for _, c := range []struct {
		name, body, want string
		guessed          bool
	}{
		{"meta", `<meta property="article:published_time" content="2026-01-02T03:04:05+02:00">`, "2026-01-02T01:04:05Z", false},
		{"other meta", `<meta name="DC.date.issued" content="2026-01-02">`, "2026-01-02T00:00:00Z", false},
		{"JSON-LD", `<script type="application/ld+json">{"@type":"BlogPosting","datePublished":"2026-01-02T03:04:05Z"}</script>`, "2026-01-02T03:04:05Z", false},
		{"time in main", `<main><time datetime="2026-01-02">x</time></main>`, "2026-01-02T00:00:00Z", false},
		{"marked time", `<time itemprop="datePublished" datetime="soon">x</time><time itemprop="datePublished" datetime="2026-01-02T05:06Z">`, "2026-01-02T05:06:00Z", false},
		{"time in passing", `<time datetime="2026-01-02">x</time>`, "2026-01-02T00:00:00Z", true},
		{"words", `<div class="post-date">Freitag, 2. Januar 2026, 10 Uhr</div>`, "2026-01-02T00:00:00Z", true},
		{"words of an ID", `<p id="articleDate">Jan 2nd, 2026</p>`, "2026-01-02T00:00:00Z", true},
		{"words in a text", `<p>On January 2, 2026, something happened.</p>`, none, false},
		{"last change", `<meta property="article:modified_time" content="2026-01-02T03:04:05Z">`, "2026-01-02T03:04:05Z", true},
		{"tomorrow", `<main><time datetime="2026-03-02">x</time></main>`, "2026-03-02T00:00:00Z", false},
		{"far ahead", `<main><time datetime="2036-01-02">x</time></main>`, none, false},
		{"before the web", `<main><time datetime="1874-01-02">x</time></main>`, none, false},
		{"nonsense", `<meta property="article:published_time" content="soon">`, none, false},
		{"nonsense before sense", `<meta property="article:published_time" content="2099-01-01"><meta name="date" content="2026-01-02">`, "2026-01-02T00:00:00Z", false},
	} {
		d := mustExtract(t, "<!doctype html>"+c.body+"<p>Some words.")
		if got := d.Published.Format(time.RFC3339); got != c.want || d.DateGuessed != c.guessed {
			t.Errorf("%s: %s, guessed %v, want %s, %v", c.name, got, d.DateGuessed, c.want, c.guessed)
		}
	}
}

func TestTheFeedsDateIsBetterThanAGuess(t *testing.T) {
	feed := Hints{Published: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}
	for body, want := range map[string]string{
		`<p>Words.`: "2026-02-03T04:05:06Z",
		`<div class=date>2026-01-02</div><p>Words.`:       "2026-02-03T04:05:06Z",
		`<meta name=date content="2026-01-02"><p>Words.`:  "2026-01-02T00:00:00Z",
		`<main><time datetime="2025-01-01"></time>Words.`: "2026-02-03T04:05:06Z",
	} {
		d, err := Read(t.Context(), pageOf("https://example.com/2026/01/01/a", "text/html", body), feed)
		if err != nil || d.Published.Format(time.RFC3339) != want || d.DateGuessed {
			t.Errorf("%s: %s, guessed %v, %v, want %s", body, d.Published, d.DateGuessed, err, want)
		}
	}
}

func TestADayInAnAddressIsAGuess(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.com/2026/01/02/news":  "2026-01-02",
		"https://example.com/news-20260102-a":  "2026-01-02",
		"https://example.com/2026-01-02":       "2026-01-02",
		"https://example.com/2026/02/31/news":  "0001-01-01",
		"https://example.com/id/120260102345":  "0001-01-01",
		"https://example.com/?date=2026-01-02": "0001-01-01",
	} {
		d, err := extract(t, pageOf(address, "text/html", "<p>Words."))
		if got := d.Published.Format(time.DateOnly); err != nil || got != want || d.DateGuessed != (want != "0001-01-01") {
			t.Errorf("%s: %s, guessed %v, %v, want %s", address, got, d.DateGuessed, err, want)
		}
	}
}

func TestDaysAreReadAsPeopleWriteThem(t *testing.T) {
	for written, want := range map[string]string{
		"2026-02-03T10:11:12+01:00":         "2026-02-03T09:11:12Z",
		"2026-02-03 10:11":                  "2026-02-03T10:11:00Z",
		"Tue, 03 Feb 2026 10:11:12 GMT":     "2026-02-03T10:11:12Z",
		"03.02.2026":                        "2026-02-03T00:00:00Z",
		"Stand: 3. 2. 2026, 10:00":          "2026-02-03T00:00:00Z",
		"Veröffentlicht am 3. Februar 2026": "2026-02-03T00:00:00Z",
		"le 3 février 2026 à 10h":           "2026-02-03T00:00:00Z",
		"1er août 2025":                     "2025-08-01T00:00:00Z",
		"3 de febrero de 2026":              "2026-02-03T00:00:00Z",
		"3 febbraio 2026":                   "2026-02-03T00:00:00Z",
		"3 lutego 2026":                     "2026-02-03T00:00:00Z",
		"3 maart 2026":                      "2026-03-03T00:00:00Z",
		"15 juin 2025 | 15 juillet 2025":    "2025-06-15T00:00:00Z",
		"February 3rd, 2026":                "2026-02-03T00:00:00Z",
		"Feb. 3, 2026":                      "2026-02-03T00:00:00Z",
		"3rd of February 2026":              "2026-02-03T00:00:00Z",
		"2/25/2026":                         "2026-02-25T00:00:00Z",
		"2026年2月3日":                         "2026-02-03T00:00:00Z",
		"Room 12 Tower 2026":                "0001-01-01T00:00:00Z",
		"31.02.2026":                        "0001-01-01T00:00:00Z",
		"192.168.2026":                      "0001-01-01T00:00:00Z",
		"":                                  "0001-01-01T00:00:00Z",
	} {
		if got := parseDate(written).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%q: %s, want %s", written, got, want)
		}
	}
}
