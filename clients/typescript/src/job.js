import { once, part } from "./connection.js"
import { WaitTimeout, errorOf } from "./errors.js"
import { follow } from "./events.js"

// Proxies often end a request that is not answered within a minute, or half of one.
const perLook = 20_000

/** Is one task: what was known of it last, and what can be done with it. */
export class Job {
  #connection
  #etag // of the task as it was known last, where the API has told it

  constructor(connection, task, { duplicate = false, etag } = {}) {
    this.#connection = connection
    this.#etag = etag
    this.id = task.id
    this.queue = task.queue
    this.task = task
    this.duplicate = duplicate
  }

  get state() {
    return this.task.state
  }

  /** Asks for the task as it is now. */
  async refresh({ signal } = {}) {
    return this.#look({ signal })
  }

  /** Waits for the end of the task, and returns the task. */
  async wait({ timeout = Infinity, signal } = {}) {
    const until = Date.now() + timeout
    for (;;) {
      const span = Math.round(Math.max(0, Math.min(perLook, until - Date.now())))
      const task = await this.#look({ wait: span > 0 ? `${span}ms` : undefined, timeout: span + this.#connection.timeout, signal })
      if (task.ended) return task
      if (Date.now() >= until) throw new WaitTimeout(task)
    }
  }

  /** Waits for the end of the task, and returns its result. */
  async result(options) {
    const task = await this.wait(options)
    if (task.state !== "succeeded") throw errorOf(task)
    return task.result ?? null
  }

  /** Yields the states of the task, up to its end. */
  async *events({ signal, last } = {}) {
    const events = follow(this.#connection, this.#path("/events"), { query: this.#query(), signal, last, ends: (e) => e.type === "ended" })
    for await (const event of events) {
      this.#know(event.data)
      yield { id: event.id, type: event.type, task: event.data, state: event.data.state, progress: event.data.progress }
    }
  }

  /** Returns the latest 50 attempts at the task, the oldest first. */
  async attempts({ signal } = {}) {
    return (await this.#connection.ask("GET", this.#path("/attempts"), { query: this.#query(), signal })).body.items
  }

  /** Changes when a task runs that waits, unless somebody else has changed it since it was looked at. */
  async change(change, { signal } = {}) {
    const headers = this.#etag ? { "If-Match": this.#etag } : {}
    const { at, in: span, expires, expiresIn: expires_in } = change
    const body = { at, in: span, expires, expires_in }
    const answer = await this.#connection.ask("PATCH", this.#path(), { query: this.#query(), body, headers, signal, repeatable: !this.#etag })
    return this.#know(answer.body, answer.headers.get("ETag"))
  }

  /** Cancels the task: it never runs again. A running attempt is asked to stop. */
  async cancel({ reason, key, signal } = {}) {
    return this.#know(await this.#post("/cancel", key, { body: reason === undefined ? undefined : { reason }, signal }))
  }

  /** Runs the task now that waits for a time, is parked or has failed. */
  async run({ key, signal } = {}) {
    return this.#know(await this.#post("/run", key, { signal }))
  }

  /** Sends a new task with the payload of this one, which has ended. */
  async replay({ key, signal } = {}) {
    return new Job(this.#connection, await this.#post("/replay", key, { signal }))
  }

  /** Deletes the task, which does not run. */
  async delete({ signal } = {}) {
    await this.#connection.ask("DELETE", this.#path(), { query: this.#query(), signal })
  }

  async #look({ wait, timeout, signal }) {
    const { body, headers } = await this.#connection.ask("GET", this.#path(), { query: { ...this.#query(), wait }, timeout, signal })
    return this.#know(body, headers.get("ETag"))
  }

  async #post(what, key, options) {
    return (await this.#connection.ask("POST", this.#path(what), { query: this.#query(), headers: once(key), repeatable: true, ...options })).body
  }

  #know(task, etag) {
    this.#etag = etag
    this.task = task
    this.queue = task.queue
    return task
  }

  #path(of = "") {
    return `/v1/tasks/${part("id", this.id)}${of}`
  }

  #query() {
    return { queue: this.queue }
  }
}
