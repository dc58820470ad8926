import { again } from "./connection.js"
import { ConnectionError, SwitchyardError } from "./errors.js"
import { delay, sleep } from "./time.js"

// The API says every 15 seconds that a stream still lives.
const quiet = 45_000
const longest = 32 << 20 // characters of one event

/**
 * Yields the events of a stream as { id, type, data }, and opens it again where it breaks. last is the
 * ID after which to begin; ends says which event is the last one. Without an event or a connection it
 * gives up after the connection's timeout.
 */
export async function* follow(connection, path, { query, signal, last, ends }) {
  let tries = 0
  let since
  for (;;) {
    try {
      for await (const event of once(connection, path, { query, signal, last })) {
        tries = 0
        since = undefined
        if (event.id) last = event.id
        yield { ...event, data: parsed(event.data, path) }
        if (ends(event)) return
      }
      since = undefined // it was there, and was closed
    } catch (err) {
      since ??= Date.now()
      if (signal?.aborted || !again(err) || Date.now() - since > connection.timeout) throw err
      await sleep(delay(tries++, err.retryAfter), signal)
      continue
    }
    await sleep(delay(tries++), signal)
  }
}

/** Yields the events of a stream until it is closed. Whoever stops reading closes it. */
async function* once(connection, path, { query, signal, last }) {
  const own = new AbortController()
  const timer = alarm(() => own.abort(new ConnectionError(`GET ${path}: nothing came for ${quiet / 1000} s`)))
  const either = signal ? AbortSignal.any([signal, own.signal]) : own.signal
  const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) }
  try {
    const res = await connection.open("GET", path, { query, headers, signal: either })
    const reader = res.body.getReader()
    const lines = new Lines()
    for (;;) {
      let chunk
      try {
        chunk = await reader.read()
      } catch (err) {
        throw either.aborted ? either.reason : new ConnectionError(`GET ${path}: ${err.message}`, { cause: err })
      }
      if (chunk.done) return
      timer.again()
      yield* lines.events(chunk.value)
    }
  } finally {
    timer.stop()
    own.abort()
  }
}

/** Calls late if it is not told again in time. */
function alarm(late) {
  let timer = setTimeout(late, quiet)
  const stop = () => clearTimeout(timer)
  return { stop, again: () => (stop(), (timer = setTimeout(late, quiet))) }
}

function parsed(data, path) {
  try {
    return JSON.parse(data)
  } catch {
    throw new SwitchyardError(`GET ${path}: an event is not JSON: is this the address of Switchyard?`)
  }
}

/** Makes events of chunks of a text/event-stream. */
export class Lines {
  #decoder = new TextDecoder()
  #rest = ""
  #event = { data: [] };

  *events(chunk) {
    this.#rest += this.#decoder.decode(chunk, { stream: true })
    // A \r at the end may be half of a \r\n.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop()
    if (this.#rest.length > longest) throw new SwitchyardError(`an event has more than ${longest} characters`)
    for (const line of lines) {
      const event = this.#take(line)
      if (event) yield event
    }
  }

  #take(line) {
    if (line === "") {
      const { id, type = "message", data } = this.#event
      this.#event = { data: [] }
      return data.length > 0 ? { id, type, data: data.join("\n") } : undefined
    }
    const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line)
    if (name === "data") this.#event.data.push(value)
    if (name === "event") this.#event.type = value
    if (name === "id" && !value.includes("\0")) this.#event.id = value
    return undefined
  }
}
