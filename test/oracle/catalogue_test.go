package oracle

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// catalogue is damage by its sort.
type catalogue [][]damage

// everything returns all damage, in an order that the seed alone decides.
func everything(slowly bool) catalogue {
	all := catalogue{wrongKeys(), wrongMessages(), strays(), contradictions(), wrongFields()}
	order := rand.New(rand.NewPCG(*seed, 1))
	for i := range all {
		all[i] = slices.DeleteFunc(all[i], func(d damage) bool { return d.slow && !slowly })
		slices.SortFunc(all[i], func(a, b damage) int { return strings.Compare(a.name, b.name) })
		order.Shuffle(len(all[i]), func(a, b int) { all[i][a], all[i][b] = all[i][b], all[i][a] })
	}
	return all
}

// take returns some damage: by turns of each sort, and within one by turns, too.
func (c catalogue) take(n int) damage {
	sort := c[n%len(c)]
	return sort[n/len(c)%len(sort)]
}
