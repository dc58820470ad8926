import { part } from "./connection.js"

/** Yields the items of all pages. */
export async function* pages(connection, path, query, signal) {
  let cursor
  do {
    const { body } = await connection.ask("GET", path, { query: { ...query, cursor }, signal })
    yield* body.items
    cursor = body.next
  } while (cursor)
}

/** Is the brakes of users: who is stopped. The user * is everyone. */
export class Brakes {
  #connection

  constructor(connection) {
    this.#connection = connection
  }

  async get(user, { signal } = {}) {
    return (await this.#connection.ask("GET", pathOf(user), { signal })).body
  }

  /** Stops the agents of a user at once. */
  async on(user, { signal } = {}) {
    return this.#put(user, true, signal)
  }

  /** Lets the agents of a user go on. */
  async off(user, { signal } = {}) {
    return this.#put(user, false, signal)
  }

  async list({ signal } = {}) {
    return (await this.#connection.ask("GET", "/v1/brakes", { signal })).body
  }

  async #put(user, on, signal) {
    return (await this.#connection.ask("PUT", pathOf(user), { body: { on }, signal })).body
  }
}

const pathOf = (user) => `/v1/users/${part("user", user)}/brake`

/** Is the queues. */
export class Queues {
  #connection

  constructor(connection) {
    this.#connection = connection
  }

  async list({ signal } = {}) {
    return (await this.#connection.ask("GET", "/v1/queues", { signal })).body
  }

  async pause(queue, { signal } = {}) {
    return this.#patch(queue, true, signal)
  }

  async resume(queue, { signal } = {}) {
    return this.#patch(queue, false, signal)
  }

  async #patch(queue, paused, signal) {
    return (await this.#connection.ask("PATCH", `/v1/queues/${part("queue", queue)}`, { body: { paused }, signal })).body
  }
}
