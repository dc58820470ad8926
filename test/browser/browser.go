// Package browser has tests look at pages in a real Chromium, which has no display.
package browser

import (
	"context"
	_ "embed" // of the scripts that run in pages
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// timeout ends a test whose browser hangs. Nothing is measured against it.
const timeout = 2 * time.Minute

// Step is what is done in a tab.
type Step = chromedp.Action[chromedp.Void]

// Tab is the first tab of a private Chromium. It is safe for concurrent use.
type Tab struct {
	mu    sync.Mutex
	lines []string
}

// Open starts a Chromium that ends with the test. Steps are done with the context.
func Open(t *testing.T) (context.Context, *Tab) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: apt-get install chromium, or run make test, which does")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1200, 900),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true))
	ctx, stopTimer := context.WithTimeout(context.Background(), timeout)
	ctx, stopAllocator := chromedp.NewExecAllocator(ctx, flags...)
	var tab Tab
	ctx, stopTab := chromedp.NewContext(ctx, chromedp.WithListener(tab.listen))
	t.Cleanup(func() {
		stopTab()
		stopAllocator()
		stopTimer()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return ctx, &tab
}

func (c *Tab) listen(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		c.lines = append(c.lines, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		line := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			line += ": " + thrown.Description
		}
		c.lines = append(c.lines, line)
	case *network.EventResponseReceived:
		if !strings.HasPrefix(e.Response.URL, "http://127.0.0.1:") && !strings.HasPrefix(e.Response.URL, "data:") {
			c.lines = append(c.lines, "loaded "+e.Response.URL)
		}
	}
}

// Complaints returns what the pages of the tab logged, threw, and loaded from elsewhere than
// 127.0.0.1.
func (c *Tab) Complaints() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.lines)
}

// Shot keeps a picture of the page where SCREENSHOTS names a directory.
func Shot(name string) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		dir := os.Getenv("SCREENSHOTS")
		if dir == "" {
			return nil
		}
		png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return err
		}
		return os.WriteFile(dir+"/"+name+".png", png, 0o600)
	})
}

// Click clicks on the first element of a selector of CSS.
func Click(css string) Step { return chromedp.Click(chromedp.CSS(css)) }

// See waits until a text is on the page.
func See(text string) Step {
	return chromedp.WaitVisible(fmt.Sprintf(`//body//*[not(self::script) and contains(., %q)]`, text))
}

// Phone is the width of a small one, in CSS pixels.
const Phone = 320

// Width makes the tab so wide, in CSS pixels; one of the width of a phone is one.
func Width(pixels int) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(pixels), Height: 640, DeviceScaleFactor: 1, Mobile: pixels <= Phone,
		})
		return err
	})
}

// loaded waits until the page has its style sheets: its text is there before.
func loaded(ctx context.Context) error {
	const when = `document.readyState === "complete" || new Promise((done) => addEventListener("load", () => done(true)))`
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](when, chromedp.EvalAwaitPromise))
	return err
}

// Fits fails if the page is wider than the tab: then it has to be moved to and fro to be read.
func Fits(name string) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if err := loaded(ctx); err != nil {
			return err
		}
		layout, err := chromedp.Call(ctx, page.GetLayoutMetrics, cdp.Empty{})
		if err == nil && layout.CSSContentSize.Width > float64(layout.CSSLayoutViewport.ClientWidth) {
			wide, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 8).map((e) => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().right)).join(", ")`))
			err = fmt.Errorf("%s is %.0f pixels wide, the tab has %d: %s", name, layout.CSSContentSize.Width, layout.CSSLayoutViewport.ClientWidth, wide)
		}
		return err
	})
}

// Dark says whether pages are asked for their dark looks.
func Dark(dark bool) Step {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

//go:embed legible.js
var legible string

// Legible fails if a text of the page is hardly told from what is behind it: below the contrast of
// 4.5 to 1 that WCAG 2.2 asks for (success criterion 1.4.3).
func Legible(name string) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if err := loaded(ctx); err != nil {
			return err
		}
		faint, err := chromedp.Run(ctx, chromedp.Evaluate[string](legible))
		if err == nil && faint != "" {
			err = fmt.Errorf("%s has faint texts: %s", name, faint)
		}
		return err
	})
}

// Scripts says whether the scripts of pages run.
func Scripts(run bool) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
		return err
	})
}

// Type types a text into the first field of a selector of CSS, in place of what is there.
func Type(css, text string) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(css))); err != nil {
			return err
		}
		const choose = `(field) => { field.focus(); field.select(); }`
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("(%s)(document.querySelector(%q))", choose, css))); err != nil {
			return fmt.Errorf("type into %s: %w", css, err)
		}
		return chromedp.Do(ctx, chromedp.KeyEvent(text))
	})
}

// Press presses keys that type nothing, one after the other, as somebody does who uses them as shortcuts.
func Press(keys string) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for _, key := range keys {
			for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
				if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: string(key)}); err != nil {
					return fmt.Errorf("press %c: %w", key, err)
				}
			}
		}
		return nil
	})
}
