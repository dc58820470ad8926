package browser

import (
	"context"
	_ "embed" // of the script that judges pages
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// axe is axe-core, under the Mozilla Public License 2.0, see the directory axe.
//
//go:embed axe/axe.min.js
var axe string

// judge has axe judge the page, and returns what is serious, a line for each finding.
const judge = `axe.run(document, {resultTypes: ["violations"]}).then((found) => found.violations
	.filter((v) => v.impact === "serious" || v.impact === "critical")
	.map((v) => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")).join("\n"))`

// Accessible fails if axe-core finds anything serious or critical on the page.
func Accessible(name string) Step {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](axe+";undefined")); err != nil {
			return fmt.Errorf("load axe-core: %w", err)
		}
		if err := loaded(ctx); err != nil {
			return err
		}
		found, err := chromedp.Run(ctx, chromedp.Evaluate[string](judge, chromedp.EvalAwaitPromise))
		if err == nil && strings.TrimSpace(found) != "" {
			err = fmt.Errorf("%s is not accessible:\n%s", name, found)
		}
		return err
	})
}
