package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"switchyard/internal/api"
)

// redirect leads the browser elsewhere, so that a page that is loaded again does nothing again.
func (c *Console) redirect(r *request, to string) error {
	http.Redirect(r.w, r.Request, to, http.StatusSeeOther)
	return nil
}

// dones are what a page may say was done, by the word in its address: nobody's own words get there.
var dones = map[string]string{
	"cancelled": "cancelled", "stopping": "asked to stop; it ends within seconds", "run": "made ready to run", "deleted": "deleted", "replayed": "sent again as new ones",
	"decided": "The decision is made.", "saved": "The entry is saved.", "paused": "Paused.", "resumed": "Resumed.", "removed": "Removed.",
	"settled": "The delivery is left as it is.", "again": "The delivery is sent again.", "revoked": "The token is revoked.",
	"unchanged": "Nothing was changed: it was so already.",
}

// uncounted is how many what is done is done to, where that is no matter.
const uncounted = -1

// done leads to a page that says what was done, and to how many.
func (c *Console) done(r *request, to, what string, n, refused int) error {
	q := url.Values{"done": {what}}
	if n != uncounted {
		q.Set("n", strconv.Itoa(n))
	}
	if refused > 0 {
		q.Set("refused", strconv.Itoa(refused))
	}
	sep := "?"
	if u, err := url.Parse(to); err == nil && u.RawQuery != "" {
		sep = "&"
	}
	return c.redirect(r, to+sep+q.Encode())
}

// doneWords says what an address says was done; "" if it says nothing that we say.
func doneWords(q url.Values) string {
	words := dones[q.Get("done")]
	n, err := strconv.Atoi(q.Get("n"))
	if words == "" || err != nil || n < 0 {
		return words
	}
	text := count(n) + " tasks " + words + "."
	if n == 1 {
		text = "1 task " + words + "."
	}
	if refused, err := strconv.Atoi(q.Get("refused")); err == nil && refused > 0 {
		text += " " + count(refused) + " could not be: their state does not allow it, or they are gone."
	}
	if q.Has("left") {
		text += " Others are left: do it again for them."
	}
	return text
}

// askIf is ask for a part of a page: a caller who may not see it, or for whom there is none, gets
// nothing and no error.
func (c *Console) askIf(r *request, q question, out any) error {
	err := c.ask(r.Context(), q, out)
	var p *api.Problem
	if errors.As(err, &p) && (p.Status == http.StatusForbidden || p.Status == http.StatusNotFound) {
		return nil
	}
	return err
}
