import { Batch } from "./batch.js"
import { Connection, newName, once, part } from "./connection.js"
import { SwitchyardError } from "./errors.js"
import { follow } from "./events.js"
import { Job } from "./job.js"
import { Brakes, Queues, pages } from "./parts.js"
import { Schedule } from "./schedule.js"

export { ConnectionError, Problem, SwitchyardError, TaskCancelled, TaskError, TaskExpired, TaskFailed, Timeout, WaitTimeout } from "./errors.js"

/** Sends tasks to Switchyard, follows them and operates it. Types are in index.d.ts. */
export class Switchyard {
  #connection

  constructor(options) {
    this.#connection = new Connection(options)
    this.schedule = new Schedule(this.#connection)
    this.brake = new Brakes(this.#connection)
    this.queues = new Queues(this.#connection)
  }

  /** Uses SWITCHYARD_API and SWITCHYARD_TOKEN of the environment. */
  static fromEnv(options = {}) {
    const { SWITCHYARD_API: url, SWITCHYARD_TOKEN: token } = globalThis.process?.env ?? {}
    if (!url) throw new SwitchyardError("SWITCHYARD_API is not set: set it to the address of the monitor, such as http://127.0.0.1:8080")
    return new Switchyard({ url, token, ...options })
  }

  /** Sends a task. The key names the request: sent twice, also by another process, it is one task. */
  async send(kind, payload = {}, { key, signal, ...options } = {}) {
    const sent = await this.#connection.ask("POST", "/v1/tasks", {
      body: { kind, payload, ...options }, headers: once(key), signal, repeatable: true,
    })
    return new Job(this.#connection, sent.body, { duplicate: sent.headers.get("Idempotency-Replayed") === "true" })
  }

  /** Sends up to 1,000 tasks. The key names the request, as with send. */
  async sendMany(tasks, { atomic = false, key, signal } = {}) {
    const items = tasks.map((task) => ({ payload: {}, ...task }))
    const { body } = await this.#connection.ask("POST", "/v1/tasks/batch", { body: { atomic, items }, headers: once(key), signal, repeatable: true })
    return { ...body, items: body.items.map((item, i) => this.#became(item, items[i])) }
  }

  /** Sends up to 1,000 tasks as a batch. then is a task that is sent once when all of them have ended. */
  async sendBatch(tasks, { id = newName(), then, atomic = false, key, signal } = {}) {
    const items = tasks.map((task) => ({ payload: {}, ...task }))
    const { body } = await this.#connection.ask("POST", "/v1/tasks/batch", { body: { id, then, atomic, items }, headers: once(key), signal, repeatable: true })
    return new Batch(this.#connection, id, body.items.map((item, i) => this.#became(item, items[i])))
  }

  /** Is the batch of an ID. Nothing is asked yet. */
  batch(id) {
    return new Batch(this.#connection, id)
  }

  #became(item, { kind, payload }) {
    if (item.status === "refused") return item
    const task = { id: item.id, queue: item.queue, kind, payload, state: "waiting", ended: false }
    return { ...item, job: new Job(this.#connection, task, { duplicate: item.status === "duplicate" }) }
  }

  /** Asks for a task. The queue is needed where two have a task of that ID. */
  async task(id, { queue, signal } = {}) {
    const { body, headers } = await this.#connection.ask("GET", `/v1/tasks/${part("id", id)}`, { query: { queue }, signal })
    return new Job(this.#connection, body, { etag: headers.get("ETag") })
  }

  /** Yields tasks, as jobs. */
  list(filter) {
    return this.#jobs("/v1/tasks", filter)
  }

  /** Yields the tasks of agents, as jobs. waits: those alone with a step that waits for a person. */
  runs(filter) {
    return this.#jobs("/v1/runs", filter)
  }

  async *#jobs(path, { signal, state, ...query } = {}) {
    const states = Array.isArray(state) ? state.join(",") : state
    for await (const task of pages(this.#connection, path, { ...query, state: states }, signal)) {
      yield new Job(this.#connection, task)
    }
  }

  /** Yields what happens to the agents of a user, without end. last: "0" begins with all that is kept. */
  events(user, { last, signal } = {}) {
    return follow(this.#connection, `/v1/users/${part("user", user)}/events`, { last, signal, ends: () => false })
  }

  async kinds({ signal } = {}) {
    return (await this.#connection.ask("GET", "/v1/kinds", { signal })).body
  }

  async kind(name, { signal } = {}) {
    return (await this.#connection.ask("GET", `/v1/kinds/${part("kind", name)}`, { signal })).body
  }

  /** Makes a short-lived token that may do less, such as one for a page of a browser. */
  async childToken({ expiresIn, signal, ...child }) {
    return (await this.#connection.ask("POST", "/v1/tokens", { body: { ...child, expires_in: expiresIn }, signal })).body
  }
}
