package program

import "time"

// lingers is how long output is waited for when a program has ended: its reader may be behind, as each
// step of an agent is written to Redis, or something still holds the output open.
const lingers = 10 * time.Second
