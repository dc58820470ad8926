package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"
)

// A picture is as large as a window beside the text of a README.
const width, height = 1200, 780

// drawing is how long asynqmon's charts grow. They tell nobody when they are done.
const drawing = 2 * time.Second

type step = chromedp.Action[chromedp.Void]

// photograph opens the pages of the monitor at base in a private chromium, and returns
// their pictures as PNG, by name.
func photograph(ctx context.Context, base string) (map[string][]byte, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("find chromium: apt-get install chromium: %w", err)
	}
	profile, err := os.MkdirTemp("", "screens-")
	if err != nil {
		return nil, fmt.Errorf("make a profile for chromium: %w", err)
	}
	defer func() { _ = os.RemoveAll(profile) }()
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true))
	ctx, endBrowser := chromedp.NewExecAllocator(ctx, flags...)
	defer endBrowser()
	ctx, endTab := chromedp.NewContext(ctx)
	defer endTab()
	pictures := map[string][]byte{}
	err = chromedp.Do(ctx,
		chromedp.EmulateViewport(width, height),
		chromedp.Navigate(base+"/briefings/"), chromedp.Click(`//a[contains(., "Briefing for ada")]`),
		see("Why: "), shot(pictures, "briefing"),
		chromedp.Navigate(base+"/schedule/"), see("harbour"), shot(pictures, "schedule"),
		chromedp.Navigate(base+"/asynqmon/"), chromedp.Click(chromedp.CSS("header button")), see("scraping"),
		chromedp.Sleep(drawing), shot(pictures, "asynqmon"),
	)
	if err != nil {
		return nil, fmt.Errorf("photograph the pages at %s: %w", base, err)
	}
	return pictures, nil
}

// see waits until a text is on the page.
func see(text string) step {
	return chromedp.WaitVisible(fmt.Sprintf(`//body//*[not(self::script) and contains(., %q)]`, text))
}

// shot adds the picture of the page to pictures.
func shot(pictures map[string][]byte, name string) step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		pictures[name] = png
		return err
	})
}
