import { part } from "./connection.js"
import { WaitTimeout, errorOf } from "./errors.js"
import { follow } from "./events.js"

// Proxies often end a request that is not answered within a minute, or half of one.
const perLook = 20_000

/** Is one task: what was known of it last, and what can be done with it. */
export class Job {
  #connection

  constructor(connection, task, { duplicate = false } = {}) {
    this.#connection = connection
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

  /** Cancels the task: it never runs again. A running attempt is asked to stop. */
  async cancel({ reason, signal } = {}) {
    return this.#know(await this.#post("/cancel", { body: reason === undefined ? undefined : { reason }, signal, repeatable: true }))
  }

  /** Runs the task now that waits for a time, is parked or has failed. */
  async run({ signal } = {}) {
    return this.#know(await this.#post("/run", { signal }))
  }

  /** Sends a new task with the payload of this one, which has ended. */
  async replay({ signal } = {}) {
    return new Job(this.#connection, await this.#post("/replay", { signal }))
  }

  /** Deletes the task, which does not run. */
  async delete({ signal } = {}) {
    await this.#connection.ask("DELETE", this.#path(), { query: this.#query(), signal })
  }

  async #look({ wait, timeout, signal }) {
    const { body } = await this.#connection.ask("GET", this.#path(), { query: { ...this.#query(), wait }, timeout, signal })
    return this.#know(body)
  }

  async #post(what, options) {
    return (await this.#connection.ask("POST", this.#path(what), { query: this.#query(), ...options })).body
  }

  #know(task) {
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
