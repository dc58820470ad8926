import { once, part } from "./connection.js"
import { Job } from "./job.js"
import { pages } from "./parts.js"

/** Is the schedule: what is sent when. */
export class Schedule {
  #connection

  constructor(connection) {
    this.#connection = connection
  }

  /** Yields entries. */
  list({ signal, ...query } = {}) {
    return pages(this.#connection, "/v1/schedule", query, signal)
  }

  async get(id, { signal } = {}) {
    return this.#ask("GET", id, "", { signal })
  }

  /** Adds or replaces an entry: only a new one, or only one of a revision, if that is asked for. */
  async put(id, entry, { onlyNew, revision, signal } = {}) {
    const headers = { ...(onlyNew && { "If-None-Match": "*" }), ...(revision !== undefined && { "If-Match": `"${revision}"` }) }
    return this.#ask("PUT", id, "", { body: entry, headers, signal })
  }

  /** Checks an entry and tells when it would be due. Nothing is changed. */
  async preview(id, entry, { signal } = {}) {
    return this.#ask("PUT", id, "", { body: entry, query: { dry_run: true }, signal, repeatable: true })
  }

  async pause(id, { signal } = {}) {
    return this.#ask("PATCH", id, "", { body: { paused: true }, signal })
  }

  async resume(id, { signal } = {}) {
    return this.#ask("PATCH", id, "", { body: { paused: false }, signal })
  }

  async delete(id, { signal } = {}) {
    await this.#ask("DELETE", id, "", { signal })
  }

  /** Sends the task of an entry now. */
  async run(id, { key, signal } = {}) {
    return new Job(this.#connection, await this.#ask("POST", id, "/run", { headers: once(key), signal, repeatable: true }))
  }

  async #ask(method, id, what, options) {
    return (await this.#connection.ask(method, `/v1/schedule/${part("id", id)}${what}`, options)).body
  }
}
