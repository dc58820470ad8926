import { ConnectionError, Problem, SwitchyardError, Timeout } from "./errors.js"
import { delay, sleep } from "./time.js"

const byDefault = 30_000

/** Asks the API. It alone knows the token, which no error, log or inspection shows. */
export class Connection {
  #base
  #token
  #fetch
  #timeout

  constructor({ url, token, timeout = byDefault, fetch = globalThis.fetch }) {
    this.#base = checkedURL(url)
    this.#token = checkedToken(token)
    if (!(timeout > 0)) throw new SwitchyardError(`timeout is ${timeout}: give milliseconds, more than 0`)
    this.#timeout = timeout
    this.#fetch = fetch
  }

  /** The milliseconds that a call may take, with all its tries. */
  get timeout() {
    return this.#timeout
  }

  /**
   * Asks, again while that is safe and time is left, and returns { body, headers }.
   * repeatable says that asking twice does the same as asking once.
   */
  async ask(method, path, { query, body, headers, signal, timeout = this.#timeout, repeatable = method === "GET" } = {}) {
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(new Timeout(`${method} ${path}: no answer within ${timeout} ms`)), timeout)
    const until = Date.now() + timeout
    const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal
    let failure
    try {
      for (let tries = 0; ; tries++) {
        try {
          const res = await this.open(method, path, { query, body, headers, signal: either })
          return { body: await read(res, { method, path }, either), headers: res.headers }
        } catch (err) {
          const wait = delay(tries, err.retryAfter)
          if (either.aborted || !again(err, repeatable) || Date.now() + wait > until) throw err
          failure = err
          await sleep(wait, either)
        }
      }
    } catch (err) {
      // Where time has run out in a later try, what the ones before have met says more.
      throw over.signal.aborted && failure ? failure : err
    } finally {
      clearTimeout(timer)
    }
  }

  /** Asks once, and returns the answer if it is one of success. Its body is still to be read. */
  async open(method, path, { query, body, headers = {}, signal }) {
    const url = this.#base + path + queryOf(query)
    const sent = { ...headers }
    if (this.#token) sent.Authorization = `Bearer ${this.#token}`
    if (body !== undefined) sent["Content-Type"] = "application/json"
    const fetch = this.#fetch // a method's fetch is refused by browsers
    let res
    try {
      // A redirect would take the token elsewhere.
      res = await fetch(url, {
        method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body), signal,
        redirect: "error", cache: "no-store", credentials: this.#token ? "omit" : "same-origin",
      })
    } catch (err) {
      throw broken(err, { method, path }, signal)
    }
    if (res.ok) return res
    throw await refusal(res, { method, path }, signal)
  }
}

/** Reads the body of an answer. */
async function read(res, asked, signal) {
  let text
  try {
    text = await res.text()
  } catch (err) {
    throw broken(err, asked, signal)
  }
  if (text === "") return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new SwitchyardError(`${asked.method} ${asked.path}: the answer is not JSON: is this the address of Switchyard?`)
  }
}

/** Returns the error of a connection that failed. Whoever gave up gets their own reason. */
function broken(err, { method, path }, signal) {
  if (signal?.aborted) return signal.reason
  const why = err.cause?.code ?? err.cause?.message ?? err.message
  return new ConnectionError(`${method} ${path}: ${why}`, { cause: err })
}

/** Returns the problem that an answer tells. A proxy's answer is told by its status alone. */
async function refusal(res, asked, signal) {
  let told
  try {
    const text = await res.text()
    if (/\bjson\b/.test(res.headers.get("Content-Type") ?? "")) told = JSON.parse(text)
  } catch (err) {
    if (signal?.aborted) return signal.reason
    if (!(err instanceof SyntaxError)) return broken(err, asked, signal)
  }
  if (typeof told?.type !== "string") told = { type: "about:blank", title: res.statusText || "no reason given" }
  const problem = new Problem({ ...told, status: res.status }, { ...asked, requestId: res.headers.get("X-Request-Id") ?? undefined })
  problem.retryAfter = res.headers.get("Retry-After") ?? undefined
  return problem
}

/** Reports whether it is safe, and of use, to ask again after an error. */
export function again(err, repeatable = true) {
  if (err instanceof ConnectionError) return repeatable
  if (!(err instanceof Problem)) return false
  // A request over the limit was looked at by nobody.
  return err.status === 429 || (repeatable && ([502, 503, 504].includes(err.status) || err.is("key-in-progress")))
}

function queryOf(query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null)
  const text = new URLSearchParams(given.map(([name, value]) => [name, textOf(value)])).toString()
  return text && `?${text}`
}

const textOf = (value) => (value instanceof Date ? value.toISOString() : String(value))

/** Returns the header that has a request done once, however often it is made: by a key of the caller's, or by a new one. */
export const once = (key = newName()) => ({ "Idempotency-Key": key })

/** Returns a name that nobody else uses. crypto.randomUUID is missing where a page came without TLS. */
export function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")
}

/** Returns one part of an address. A browser would drop . and .. on its way. */
export function part(name, value) {
  if (typeof value !== "string" || ["", ".", ".."].includes(value)) {
    throw new SwitchyardError(`${name} is ${JSON.stringify(value)}: give a name`)
  }
  return encodeURIComponent(value)
}

function checkedURL(text) {
  let url
  try {
    url = new URL(text)
  } catch {
    throw new SwitchyardError("url is no URL: give one such as http://127.0.0.1:8080")
  }
  if (!["http:", "https:"].includes(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new SwitchyardError("url must be http or https, without a user, a query or a fragment: give the token as token")
  }
  return url.origin + url.pathname.replace(/\/+$/, "")
}

function checkedToken(token) {
  if (token === undefined || token === null || token === "") return undefined
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) {
    throw new SwitchyardError("token is not a line of visible characters: give what switchyard token make has printed")
  }
  return token
}
