import { part } from "./connection.js"
import { Timeout } from "./errors.js"
import { pages } from "./parts.js"
import { sleep } from "./time.js"

const mostPause = 2000 // ms between two looks at a batch

/** Is tasks that were sent together. */
export class Batch {
  #connection

  constructor(connection, id, items = []) {
    this.#connection = connection
    this.id = id
    /** What became of each task as it was sent. */
    this.items = items
  }

  get #path() {
    return `/v1/batches/${part("id", this.id)}`
  }

  /** Counts what has become of the tasks. */
  async status({ signal } = {}) {
    return (await this.#connection.ask("GET", this.#path, { signal })).body
  }

  /** Yields what has become of each task, in their order. */
  results({ signal } = {}) {
    return pages(this.#connection, `${this.#path}/results`, {}, signal)
  }

  /** Waits until all tasks have ended. */
  async wait({ timeout = Infinity, signal } = {}) {
    const end = Date.now() + timeout
    for (let pause = 100; ; pause = Math.min(2 * pause, mostPause)) {
      const status = await this.status({ signal })
      if (status.done) return status
      const left = end - Date.now()
      if (left <= 0) throw new Timeout(`batch ${this.id}: ${status.waiting + status.running} tasks have not ended within ${timeout} ms: they go on`)
      await sleep(Math.min(pause, left), signal)
    }
  }

  /** Cancels the tasks that have not ended. */
  async cancel({ reason, signal } = {}) {
    const body = reason === undefined ? undefined : { reason }
    return (await this.#connection.ask("POST", `${this.#path}/cancel`, { body, signal, repeatable: true })).body
  }
}
