package monitor

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// phone is the width of a small one, in CSS pixels.
const phone = 320

// onPhone makes the tab a small phone. Scripts need not be switched off: the pages allow none.
func onPhone() step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: phone, Height: 640, DeviceScaleFactor: 1, Mobile: true})
		return err
	})
}

// fits fails if the page is wider than the phone: then it has to be moved to and fro to be read.
func fits(name string) step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		layout, err := chromedp.Call(ctx, page.GetLayoutMetrics, cdp.Empty{})
		if err == nil && layout.CSSContentSize.Width > phone {
			err = fmt.Errorf("%s is %.0f pixels wide, a phone has %d", name, layout.CSSContentSize.Width, phone)
		}
		return err
	})
}

func TestAReaderLeafsThroughTheirBriefingsOnAPhone(t *testing.T) {
	server := httptest.NewServer(withReaders(t, &fakeReaders{}))
	defer server.Close()
	ctx, tab := newBrowser(t)
	err := chromedp.Do(ctx,
		onPhone(),
		chromedp.Navigate(server.URL+"/read/OPENS/"), see("Your briefings"), fits("the archive"), shot("archive-phone"),
		click(`a[href="b1"]`), see("Tides & trains"), fits("a briefing"), shot("briefing-phone"),
		chromedp.Navigate(server.URL+"/unsubscribe/LEAVES"), chromedp.WaitVisible(chromedp.CSS("button")), fits("the page that ends mails"), shot("leave-phone"),
		click("button"), see("email"), fits("the page after it"),
	)
	if err != nil {
		t.Fatalf("%v; the browser says %q", err, tab.all())
	}
	if said := tab.all(); len(said) > 0 {
		t.Errorf("the browser says %q", said)
	}
}
