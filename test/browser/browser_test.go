package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestAPageIsJudgedWithItsStyleSheet(t *testing.T) {
	styled := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/style.css":
			<-styled
			w.Header().Set("Content-Type", "text/css")
			_, _ = fmt.Fprint(w, "body { background: black }")
		case "/page":
			_, _ = fmt.Fprint(w, `<!doctype html><body><p style="color: white">white on black</p><link rel="stylesheet" href="style.css"></body>`)
		default:
			_, _ = fmt.Fprint(w, `<!doctype html><a href="page">there</a>`)
		}
	}))
	defer server.Close()
	ctx, _ := Open(t)
	arrives := chromedp.Func(func(context.Context, *chromedp.Target) error {
		time.AfterFunc(100*time.Millisecond, func() { close(styled) }) // once it is judged
		return nil
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL), Click("a"), See("white on black"), arrives, Legible("the page")); err != nil {
		t.Error(err)
	}
}
