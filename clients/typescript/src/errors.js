// What may go wrong. Types are in index.d.ts.

/** Is the base of all errors of this package. */
export class SwitchyardError extends Error {
  constructor(message, options) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Says that the API has refused a request, as RFC 9457 has it. */
export class Problem extends SwitchyardError {
  constructor(told, { method, path, requestId }) {
    super(`${method} ${path}: ${told.status} ${told.detail || told.title}`)
    this.type = told.type
    this.title = told.title
    this.status = told.status
    this.detail = told.detail
    this.errors = told.errors ?? []
    for (const field of ["known", "scope", "state", "allowed", "task"]) {
      if (told[field] !== undefined) this[field] = told[field]
    }
    this.requestId = requestId
  }

  /** Reports whether the problem is of a kind, such as "unknown-kind". */
  is(name) {
    return this.type === `/problems/${name}`
  }
}

/** Says that the API could not be reached. */
export class ConnectionError extends SwitchyardError {}

/** Says that a call took longer than it may. */
export class Timeout extends SwitchyardError {}

/** Says that a task has not ended in the time that somebody waited for it. It goes on. */
export class WaitTimeout extends Timeout {
  constructor(task) {
    super(`task ${task.id} is still ${task.state}: wait longer, or cancel it`)
    this.task = task
  }
}

/** Says that a task has ended without a result. */
export class TaskError extends SwitchyardError {
  constructor(task) {
    const why = task.last_error || task.broken
    super(`task ${task.id} (${task.kind}) is ${task.state}${why ? `: ${why}` : ""}`)
    this.task = task
  }
}

export class TaskFailed extends TaskError {}
export class TaskCancelled extends TaskError {}
export class TaskExpired extends TaskError {}

/** Returns the error of a task that has ended without a result. */
export function errorOf(task) {
  if (task.state === "cancelled") return new TaskCancelled(task)
  if (task.state === "expired") return new TaskExpired(task)
  return new TaskFailed(task)
}
