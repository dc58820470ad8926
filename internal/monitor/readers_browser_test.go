package monitor

import (
	"net/http/httptest"
	"testing"

	"switchyard/test/browser"

	"github.com/chromedp/chromedp"
)

func TestAReaderLeafsThroughTheirBriefingsOnAPhone(t *testing.T) {
	server := httptest.NewServer(withReaders(t, &fakeReaders{}))
	defer server.Close()
	ctx, tab := browser.Open(t)
	for _, dark := range []bool{false, true} {
		if err := chromedp.Do(ctx, browser.Width(browser.Phone), browser.Dark(dark), leafThrough(server.URL)); err != nil {
			t.Fatalf("dark %v: %v; the browser says %q", dark, err, tab.Complaints())
		}
	}
	if said := tab.Complaints(); len(said) > 0 {
		t.Errorf("the browser says %q", said)
	}
}

// leafThrough opens the reader's pages one by one, and looks whether each can be read.
func leafThrough(base string) browser.Step {
	looked := func(name, picture string) browser.Step {
		return chromedp.Steps(browser.Fits(name), browser.Legible(name), browser.Shot(picture))
	}
	return chromedp.Steps(
		chromedp.Navigate(base+"/read/OPENS/"), browser.See("Your briefings"), looked("the archive", "archive-phone"),
		browser.Click(`a[href="b1"]`), browser.See("Tides & trains"), looked("a briefing", "briefing-phone"),
		chromedp.Navigate(base+"/unsubscribe/LEAVES"), chromedp.WaitVisible(chromedp.CSS("button")), looked("the page that ends mails", "leave-phone"),
		browser.Click("button"), browser.See("email"), looked("the page after it", "left-phone"),
	)
}
