// Waiting, in a way that a signal ends.

/** Resolves after some milliseconds, and rejects with the signal's reason if it comes first. */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const ended = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", ended)
      resolve()
    }, ms)
    signal?.addEventListener("abort", ended, { once: true })
  })
}

const first = 100
const longest = 5_000

/**
 * Returns how long to wait before a try. Delays double up to five seconds. Half of each is by chance,
 * so that many clients do not come back at the same moment. A server's Retry-After is a lower bound.
 */
export function delay(tries, retryAfter) {
  const grown = Math.min(longest, first * 2 ** Math.min(tries, 16))
  return Math.max(grown / 2 + (Math.random() * grown) / 2, asked(retryAfter))
}

/** Returns the milliseconds of a Retry-After: seconds or a date. What is neither asks for nothing. */
function asked(text) {
  if (!text) return 0
  const seconds = Number(text)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - Date.now()
  return ms > 0 ? ms : 0
}
