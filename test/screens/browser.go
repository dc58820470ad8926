package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"

	"switchyard/test/browser"
)

// drawing is how long charts grow and pages move after their width has changed. They tell nobody when
// they are done.
const drawing = 2 * time.Second

type step = chromedp.Action[chromedp.Void]

// window is what a page is seen in.
type window struct {
	width, height int64
	dark          bool
}

// readme is as large as a picture beside the text of a README.
var readme = window{width: 1200, height: 780}

// windows are those of the console's pictures.
var windows = []window{{1280, 800, false}, {1280, 800, true}, {390, 844, false}, {390, 844, true}}

func (w window) String() string {
	if w.dark {
		return fmt.Sprintf("%d-dark", w.width)
	}
	return fmt.Sprintf("%d-light", w.width)
}

// look opens the window on the page that is shown.
func (w window) look() step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		return chromedp.Do(ctx, chromedp.EmulateViewport(w.width, w.height), browser.Dark(w.dark), chromedp.Sleep(settling))
	})
}

// settling is how long a page takes to be as its window wants it.
const settling = 250 * time.Millisecond

// camera takes pictures of the monitor at base.
type camera struct {
	base     string
	tall     bool // the console's pages are seen to their ends
	pictures map[string][]byte
}

// photograph opens the pages in a private chromium, and keeps their pictures as PNG, by name.
func (c *camera) photograph(ctx context.Context) error {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return fmt.Errorf("find chromium: apt-get install chromium: %w", err)
	}
	profile, err := os.MkdirTemp("", "screens-")
	if err != nil {
		return fmt.Errorf("make a profile for chromium: %w", err)
	}
	defer func() { _ = os.RemoveAll(profile) }()
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", true))
	ctx, endBrowser := chromedp.NewExecAllocator(ctx, flags...)
	defer endBrowser()
	ctx, endTab := chromedp.NewContext(ctx)
	defer endTab()
	if err := chromedp.Do(ctx, append(c.ofConsole(), c.ofReadme()...)...); err != nil {
		return fmt.Errorf("photograph the pages at %s: %w", c.base, err)
	}
	return nil
}

// ofReadme are the pictures of the README.
func (c *camera) ofReadme() []step {
	return []step{
		readme.look(),
		c.open("/briefings/"), chromedp.Click(`//a[contains(., "Briefing for ada")]`), browser.See("Why: "), c.shot("briefing"),
		c.open("/schedule/"), browser.See("harbour"), c.shot("schedule"),
		c.open("/"), browser.See("Queues"), chromedp.Sleep(drawing), c.shot("overview"),
		chromedp.Navigate(c.base + "/asynqmon/"), browser.Click("header button"), browser.See("scraping"), chromedp.Sleep(drawing), c.shot("asynqmon"),
	}
}

// ofConsole are the pictures of each page of the console, in each window.
func (c *camera) ofConsole() (steps []step) {
	page := func(name string, before ...step) {
		steps = append(steps, windows[0].look())
		for _, one := range before {
			steps = append(steps, named(name, one))
		}
		for _, w := range windows {
			steps = append(steps, w.look(), c.shotOf(name, w))
		}
	}
	page("overview", c.open("/"), browser.See("Queues"), chromedp.Sleep(drawing))
	wide := window{width: 1920, height: 1080}
	steps = append(steps, wide.look(), chromedp.Sleep(settling), c.shotOf("overview", wide))
	page("tasks", c.open("/tasks/"), browser.See("prices"))
	page("preview", c.open("/tasks/?state=failed"), browser.See("prices"), browser.Click(`button[value="replay"]`), browser.See("Nothing has changed yet"))
	page("task", c.open("/tasks/scraping/prices"), browser.See("Attempt 3"), unfold("#attempts li:last-child details"))
	page("run", c.open("/tasks/agents/lost-workers"), browser.See("Waits for your decision"), unfold("#steps li:nth-child(2) details"))
	page("runs", c.open("/runs/"), browser.See("celery"))
	page("decisions", c.open("/decisions/"), browser.See("Approve"))
	page("users", c.open("/users/"), browser.See("mia"))
	page("user", c.open("/users/ada"), browser.See("Preferences"))
	page("receipt", c.open("/users/kenji"), browser.Click(`form[action$="/pause"] button`), browser.See("Changed"))
	steps = append(steps, windows[0].look(), browser.Click(`form[action$="/resume"] button`), browser.See("Go on"))
	page("schedule", c.open("/schedule/"), browser.See("harbour"))
	page("entry", c.open("/schedule/entries/news"), browser.See("Calendar"))
	page("entry-form", c.open("/schedule/entries/invoices/edit"), browser.See("Next ticks"))
	page("sources", c.open("/sources/"), browser.See("gazette"))
	page("source", c.open("/sources/gazette"), browser.See("Last visit"))
	page("briefings", c.open("/briefings/"), browser.See("Send again"))
	page("briefing", c.open("/briefings/"), chromedp.Click(`//a[contains(., "Briefing for ada")]`), browser.See("Why: "))
	page("audit", c.open("/audit/"), browser.See("pause"))
	page("tokens", c.open("/tokens/"), browser.See("shop"))
	return steps
}

// named does a step within a time, and names the picture that it is for if it cannot be done.
func named(name string, one step) step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		ctx, cancel := context.WithTimeout(ctx, shown)
		defer cancel()
		if err := chromedp.Do(ctx, one); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}

// shown is how long a page may take.
const shown = 15 * time.Second

func (c *camera) open(address string) step { return chromedp.Navigate(c.base + address) }

// unfold shows what is behind the summary of details.
func unfold(css string) step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).open = true", css)))
		return err
	})
}

func (c *camera) shotOf(name string, w window) step {
	return c.shot("console/" + name + "-" + w.String())
}

// shot keeps the picture of the page.
func (c *camera) shot(name string) step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		take := chromedp.CaptureScreenshot()
		if c.tall {
			take = chromedp.FullScreenshot(100)
		}
		picture, err := chromedp.Run(ctx, take)
		c.pictures[name] = picture
		return err
	})
}
