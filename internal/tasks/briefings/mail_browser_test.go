package briefings

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"switchyard/test/browser"
)

// wholeBriefing has everything that a mail can have, and a word that fits on no phone.
var wholeBriefing = Briefing{
	ID: "b", User: "ada", Created: noon, Zone: "Europe/Berlin", Since: noon, Note: "The ranking failed, so these were chosen by your topics alone.", Overview: "Of tides.",
	Items: []Item{
		{Title: "Tides & trains", URL: "https://example.org/" + strings.Repeat("tides", 60), Published: noon, Source: "paper", Extract: []string{"The water rises and falls twice a day."}, Why: "published today, on tides: in the title"},
		{URL: "https://example.org/" + strings.Repeat("unbroken", 40), Summary: strings.Repeat("Donaudampfschifffahrt", 20)},
	},
	Remarks:  []string{"3 more pages fit your topics."},
	Sections: []Section{{Name: "failed", Title: "Failed", Lines: []string{"letter writer, 1 June 2030 13:59 CEST"}, More: 2}},
}

func TestAMailIsReadOnPhonesAndInTheDark(t *testing.T) {
	page, err := Delivery{Briefing: wholeBriefing, Links: addresses}.mailHTML()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && r.URL.Path != "/favicon.ico" {
			t.Errorf("the mail loads %s", r.URL)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, page)
	}))
	defer server.Close()
	ctx, tab := browser.Open(t)
	for _, width := range []int{browser.Phone, 480, 1200} {
		for _, dark := range []bool{false, true} {
			name := fmt.Sprintf("a mail of %d pixels, dark %v", width, dark)
			err := chromedp.Do(ctx, browser.Width(width), browser.Dark(dark), chromedp.Navigate(server.URL),
				browser.See("Tides & trains"), browser.See("Stop these mails"), browser.Fits(name), browser.Legible(name), browser.Shot(fmt.Sprintf("mail-%d-%v", width, dark)))
			if err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range tab.Complaints() {
		t.Errorf("the browser says %q", c)
	}
}
