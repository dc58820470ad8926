/** A time span as the API writes it, such as "90s", "10m" or "24h". */
export type Duration = string
/** A moment, as a Date or in RFC 3339. */
export type Moment = Date | string

export type State =
  | "waiting" | "scheduled" | "held" | "running" | "retrying" | "parked"
  | "succeeded" | "failed" | "cancelled" | "expired" | "broken"

/** A task as the API tells it. */
export interface Task<Result = unknown, Args = unknown> {
  id: string
  kind: string
  queue: string
  state: State
  /** Whether it has come to its end. */
  ended: boolean
  user?: string
  tags?: string[]
  meta?: Record<string, string>
  /** When it was sent, by Redis's clock. */
  created?: string
  run?: string
  /** How many attempts have failed or were lost. */
  attempts: number
  retries_left: number
  due?: string
  since?: string
  expires?: string
  ended_at?: string
  payload?: Args
  /** What its handler has told last. */
  progress?: unknown
  result?: Result
  last_error?: string
  error?: { attempt?: number; outcome?: string; message?: string; at?: string; [more: string]: unknown }
  broken?: string
  /** The step that waits for a person, of a task that runs() has listed. */
  waits?: string
  links: { self: string; events?: string; run?: string }
}

export interface Call {
  /** Ends the call. It then rejects with the signal's reason. */
  signal?: AbortSignal
}

export interface KeyedCall extends Call {
  /** Names the request: made again with the same key, also by another process, it does nothing more. */
  key?: string
}

/** Who is told of the end of a task. */
export interface Hook {
  url: string
  /** The ends that it is told of; all if left out. */
  on?: ("succeeded" | "failed" | "cancelled" | "expired")[]
}

/** What is changed about a task that waits. */
export interface Change {
  at?: Moment
  /** Not before so long from now; "0s": now. */
  in?: Duration
  expires?: Moment
  expiresIn?: Duration
}

/** An attempt at a task. One that runs has no outcome; of one that was lost little may be known. */
export interface Attempt {
  number?: number
  began?: string
  ended?: string
  worker?: string
  outcome?: string
  error?: string
  trace_id?: string
}

export interface SendOptions {
  /** Your ID. A task of that ID that is still kept is not added again. */
  id?: string
  /** Instead of the queue to which the kind is routed. */
  queue?: string
  /** Not before this moment. */
  at?: Moment
  /** Not before so long from now. */
  in?: Duration
  /** It must be done by then, or it expires. */
  expires?: Moment
  /** For so long no other task of this kind and payload is added. */
  unique?: Duration
  /** How long the task and its result are kept after it has succeeded. */
  retention?: Duration
  /** What it is found by. */
  tags?: string[]
  /** What you note with it. */
  meta?: Record<string, string>
  notify?: Hook[]
}

export interface New<Args = unknown> extends SendOptions {
  kind: string
  payload?: Args
}

export interface Fault {
  /** The place in the body, as RFC 6901 has it. */
  pointer?: string
  /** The parameter of the path, the query or the header. */
  parameter?: string
  detail: string
  value?: unknown
}

/** A refusal as it is told, see RFC 9457. */
export interface ProblemBody {
  type: string
  title: string
  status: number
  detail?: string
  errors?: Fault[]
  known?: string[]
  scope?: string
  state?: string
  allowed?: string[]
  task?: string
}

/** The base of all errors of this package. */
export class SwitchyardError extends Error {}

/** The API has refused a request. */
export class Problem extends SwitchyardError {
  /** Names the kind of problem, such as /problems/invalid. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
  readonly errors: Fault[]
  readonly known?: string[]
  /** The scope that the token lacks. */
  readonly scope?: string
  readonly state?: string
  readonly allowed?: string[]
  readonly task?: string
  /** Names the request in the logs of the API. */
  readonly requestId?: string
  /** Reports whether the problem is of a kind, such as "unknown-kind". */
  is(name: string): boolean
}

/** The API could not be reached. */
export class ConnectionError extends SwitchyardError {}
/** A call took longer than it may, with all its tries. */
export class Timeout extends SwitchyardError {}
/** A task has not ended in the time that somebody waited for it. It goes on. */
export class WaitTimeout extends Timeout {
  readonly task: Task
}
/** A task has ended without a result. */
export class TaskError extends SwitchyardError {
  readonly task: Task
}
export class TaskFailed extends TaskError {}
export class TaskCancelled extends TaskError {}
export class TaskExpired extends TaskError {}

export interface TaskEvent<Result = unknown, Args = unknown> {
  /** Give it as last, to go on from here. */
  id?: string
  type: "state" | "ended"
  task: Task<Result, Args>
  state: State
  progress?: unknown
}

/** One task: what was known of it last, and what can be done with it. */
export class Job<Result = unknown, Args = unknown> {
  private constructor()
  readonly id: string
  readonly queue: string
  readonly state: State
  /** As it was known last. */
  readonly task: Task<Result, Args>
  /** Whether it was there before it was sent. */
  readonly duplicate: boolean
  refresh(options?: Call): Promise<Task<Result, Args>>
  /** Waits for the end. timeout is in milliseconds; without it there is no bound. Throws WaitTimeout. */
  wait(options?: Call & { timeout?: number }): Promise<Task<Result, Args>>
  /** Waits for the end, and throws TaskFailed, TaskCancelled, TaskExpired or WaitTimeout if there is no result. */
  result(options?: Call & { timeout?: number }): Promise<Result>
  /** Yields states up to the end, and connects again by itself. */
  events(options?: Call & { last?: string }): AsyncGenerator<TaskEvent<Result, Args>, void, void>
  /** Returns the latest 50 attempts, the oldest first. */
  attempts(options?: Call): Promise<Attempt[]>
  /** Changes when it runs, if it waits. Changed by somebody else since it was looked at, it is the problem "changed". */
  change(change: Change, options?: Call): Promise<Task<Result, Args>>
  /** It never runs again. A running attempt is asked to stop. */
  cancel(options?: KeyedCall & { reason?: string }): Promise<Task<Result, Args>>
  /** Runs it now if it waits for a time, is parked or has failed. */
  run(options?: KeyedCall): Promise<Task<Result, Args>>
  /** Sends a new task with the same payload, once this one has ended. */
  replay(options?: KeyedCall): Promise<Job<Result, Args>>
  delete(options?: Call): Promise<void>
}

export type ManyItem =
  | { status: "sent" | "duplicate"; id: string; queue: string; job: Job }
  | { status: "refused"; problem: ProblemBody }

export interface Many {
  sent: number
  duplicates: number
  refused: number
  /** What became of each task, in their order. */
  items: ManyItem[]
}

/** How many tasks of a batch have ended, and how. */
export interface BatchStatus {
  id: string
  created: string
  total: number
  waiting: number
  running: number
  succeeded: number
  failed: number
  cancelled: number
  expired: number
  refused?: number
  deleted?: number
  done: boolean
  /** The task that follows. */
  then?: { id: string; kind: string; self: string }
}

/** What has become of a task of a batch. left_out: ask the task for its result. */
export interface Outcome {
  id: string
  queue: string
  state: State | "refused" | "deleted"
  result?: unknown
  left_out?: boolean
  error?: string
}

/** The task that follows a batch. results is a JSON pointer to where in its payload the results go. */
export interface Then {
  kind: string
  payload?: unknown
  results?: string
}

/** Tasks that were sent together. */
export class Batch {
  readonly id: string
  /** What became of each task as it was sent. */
  readonly items: ManyItem[]
  status(options?: Call): Promise<BatchStatus>
  /** Yields what has become of each task, in their order. */
  results(options?: Call): AsyncGenerator<Outcome, void, void>
  /** Waits until all have ended. timeout is in milliseconds. Throws Timeout. */
  wait(options?: Call & { timeout?: number }): Promise<BatchStatus>
  cancel(options?: Call & { reason?: string }): Promise<BatchStatus>
}

export interface TaskFilter {
  /** A kind, or the beginning of kinds with * behind it, such as agent_*. */
  kind?: string
  state?: State | State[]
  user?: string
  tag?: string
  queue?: string
  /** Those sent then or later. */
  from?: Moment
  /** Those sent before. */
  to?: Moment
  /** Those known to have come to their state then or later. */
  since?: Moment
  /** Of one page, up to 1000. */
  limit?: number
}

export interface RunFilter {
  kind?: string
  state?: State | State[]
  user?: string
  tag?: string
  /** Those alone with a step that waits for a person. */
  waits?: boolean
  /** Of one page, up to 200. */
  limit?: number
}

export interface EntryBody {
  /** When it is due, such as "0 8 * * MON-FRI" or "@every 15m". */
  spec: string
  zone?: string
  cron?: "crontab" | "celery"
  kind: string
  payload?: unknown
  queue?: string
  catch_up?: "latest" | "none" | "all"
  catch_up_limit?: number
  fresh_for?: Duration
  expires?: Duration
  start?: Moment
  end?: Moment
  max_runs?: number
  spread?: Duration
  overlap?: "allow" | "skip"
  owner?: string
}

export interface Entry extends EntryBody {
  id: string
  origin: "config" | "api" | "user"
  state: string
  due?: string
  last?: string
  last_task?: string
  error?: string
  runs: number
  skipped?: number
  paused: boolean
  revision: number
  /** When it is due, where one entry was asked for. */
  next?: string[]
}

export interface EntryFilter {
  owner?: string
  kind?: string
  origin?: "config" | "api" | "user"
  state?: "ok" | "paused" | "error" | "over" | "unreadable"
  match?: string
  limit?: number
}

export class Schedule {
  private constructor()
  list(options?: Call & EntryFilter): AsyncGenerator<Entry, void, void>
  get(id: string, options?: Call): Promise<Entry>
  /** Adds or replaces an entry. Otherwise than expected, it is the problem "changed". */
  put(id: string, entry: EntryBody, options?: Call & { onlyNew?: boolean; revision?: number }): Promise<Entry>
  /** Checks an entry and tells when it would be due. Nothing is changed. */
  preview(id: string, entry: EntryBody, options?: Call): Promise<Entry>
  pause(id: string, options?: Call): Promise<Entry>
  resume(id: string, options?: Call): Promise<Entry>
  delete(id: string, options?: Call): Promise<void>
  /** Sends its task now. */
  run(id: string, options?: KeyedCall): Promise<Job>
}

export interface Brake {
  user: string
  state: string
  changed?: boolean
  running: string[]
  parked: number
  waits?: Record<string, string>
  why?: string
  seq: number
  stopped?: string[]
  unconfirmed?: string[]
  resumed?: string[]
}

/** The brakes of users. The user "*" is everyone. */
export class Brakes {
  private constructor()
  get(user: string, options?: Call): Promise<Brake>
  /** Stops the agents of a user at once. */
  on(user: string, options?: Call): Promise<Brake>
  /** Lets the agents of a user go on. */
  off(user: string, options?: Call): Promise<Brake>
  list(options?: Call): Promise<{ everyone: Brake; users: Brake[]; more?: number }>
}

export interface Queue {
  name: string
  paused: boolean
  waiting: number
  running: number
  scheduled: number
  held: number
  retrying: number
  failed: number
  succeeded: number
}

export interface Paused {
  name: string
  paused: boolean
  changed: boolean
}

export class Queues {
  private constructor()
  list(options?: Call): Promise<Queue[]>
  pause(queue: string, options?: Call): Promise<Paused>
  resume(queue: string, options?: Call): Promise<Paused>
}

export interface Kind {
  name: string
  version: number
  queue: string
  policy: {
    retries: number
    retry_delay: Duration
    soft_limit: Duration
    hard_limit: Duration
    retention: Duration
    unique: Duration
    losses: number
  }
  /** The JSON Schema of its payload, of 2020-12. */
  schema?: unknown
}

export interface ChildToken {
  token: string
  id: string
  scopes: string[]
  user?: string
  tasks?: string[]
  expires: string
}

export interface UserEvent {
  /** Give it as last, to go on from here. */
  id?: string
  type: string
  data: unknown
}

export interface Options {
  /** Where the API is, without /v1, such as http://127.0.0.1:8080. */
  url: string
  token?: string
  /** How many milliseconds a call may take, with all its tries; 30,000 if left out. */
  timeout?: number
  /** Instead of the platform's own. */
  fetch?: typeof fetch
}

/** Sends tasks to Switchyard, follows them and operates it. Calls may be made at the same time. */
export class Switchyard {
  constructor(options: Options)
  /** Uses SWITCHYARD_API and SWITCHYARD_TOKEN of the environment. */
  static fromEnv(options?: Partial<Options>): Switchyard
  readonly schedule: Schedule
  readonly brake: Brakes
  readonly queues: Queues
  /** Sends a task. A request that is sent again with the same key, also by another process, is one task. */
  send<Args = unknown, Result = unknown>(
    kind: string, payload?: Args, options?: KeyedCall & SendOptions,
  ): Promise<Job<Result, Args>>
  /** Sends up to 1,000 tasks. atomic: none of them if one is refused. */
  sendMany(tasks: New[], options?: KeyedCall & { atomic?: boolean }): Promise<Many>
  /** Sends up to 1,000 tasks as a batch. then is sent once when all of them have ended. */
  sendBatch(tasks: New[], options?: KeyedCall & { id?: string; then?: Then; atomic?: boolean }): Promise<Batch>
  /** The batch of an ID. Nothing is asked yet. */
  batch(id: string): Batch
  task<Result = unknown, Args = unknown>(id: string, options?: Call & { queue?: string }): Promise<Job<Result, Args>>
  list(options?: Call & TaskFilter): AsyncGenerator<Job, void, void>
  /** Yields the tasks of agents. */
  runs(options?: Call & RunFilter): AsyncGenerator<Job, void, void>
  /** Yields what happens to the agents of a user, without end. last: "0" begins with all that is kept. */
  events(user: string, options?: Call & { last?: string }): AsyncGenerator<UserEvent, void, void>
  kinds(options?: Call): Promise<Kind[]>
  kind(name: string, options?: Call): Promise<Kind>
  /** Makes a short-lived token that may do less, such as one for a page of a browser. */
  childToken(child: Call & {
    scopes: string[]
    expiresIn: Duration
    name?: string
    user?: string
    tasks?: string[]
  }): Promise<ChildToken>
}
