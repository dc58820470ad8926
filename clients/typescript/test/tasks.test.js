import assert from "node:assert/strict"
import { test } from "node:test"
import { Problem, Switchyard, TaskCancelled, TaskExpired, TaskFailed, Timeout, WaitTimeout } from "../src/index.js"
import { bounded, rejects, somebody, sy } from "./rig.js"

test("a task that is sent brings its result", bounded, async () => {
  const job = await sy.send("agent_echo", { user: somebody(), input: { words: ["päron", "🍐"] } })
  assert.deepEqual(await job.result({ timeout: 30_000 }), { said: { words: ["päron", "🍐"] } })
  assert.equal(job.state, "succeeded")
  assert.equal(job.duplicate, false)
})

test("a key that is used again names the same task", bounded, async () => {
  const user = somebody()
  const [one, two] = [await sy.send("agent_echo", { user }, { key: user }), await sy.send("agent_echo", { user }, { key: user })]
  assert.equal(two.id, one.id)
  assert.equal(two.duplicate, true)
  await rejects(sy.send("agent_echo", { user: somebody() }, { key: user }), Problem, { status: 422, type: "/problems/key-reused" })
})

test("options reach the task", bounded, async () => {
  const id = `job:${somebody()}+@`
  const job = await sy.send("agent_echo", { user: somebody() }, { id, in: "1h", expires: new Date(Date.now() + 7_200_000), retention: "2h", unique: "1m" })
  assert.equal(job.id, id)
  assert.equal(job.state, "scheduled")
  const again = await sy.task(id, { queue: job.queue })
  assert.equal(Math.floor(Date.parse(again.task.expires) / 1000), Math.floor(Date.parse(job.task.expires) / 1000))
  await again.run()
  await again.result({ timeout: 30_000 })
  await again.delete()
  await rejects(sy.task(id), Problem, { status: 404, type: "/problems/not-found" })
})

test("a task that fails, is cancelled or is late says so by its type", bounded, async () => {
  const failed = await sy.send("agent_fail", { user: somebody() })
  const err = await rejects(failed.result(), TaskFailed)
  assert.match(err.message, /no such account/)

  const asleep = await sy.send("agent_sleep", { user: somebody() })
  await rejects(asleep.result({ timeout: 0 }), WaitTimeout)
  await rejects(asleep.result({ timeout: 50 }), WaitTimeout)
  await asleep.cancel({ reason: "enough" })
  await asleep.cancel()
  await rejects(asleep.result(), TaskCancelled)

  const late = await sy.send("agent_sleep", { user: somebody() }, { expires: new Date(Date.now() + 1500) })
  await rejects(late.result(), TaskExpired)
})

test("a task that has ended is sent again by replay", bounded, async () => {
  const job = await sy.send("agent_echo", { user: somebody(), input: { n: 1 } })
  const later = await sy.send("agent_echo", { user: somebody() }, { in: "1h" })
  await rejects(later.replay(), Problem, { status: 409, state: "scheduled" })
  await job.result()
  const again = await job.replay()
  assert.notEqual(again.id, job.id)
  assert.deepEqual(await again.result(), { said: { n: 1 } })
})

test("many tasks are sent at once, and each refusal is told at its place", bounded, async () => {
  const user = somebody()
  const many = await sy.sendMany([
    { kind: "agent_echo", payload: { user, input: { n: 0 } } },
    { kind: "no_such_kind" },
    { kind: "agent_echo", payload: { user, input: { n: 2 } }, id: `${user}-2` },
    { kind: "agent_echo", payload: { user, input: { n: 3 } }, id: `${user}-2` },
  ])
  assert.deepEqual([many.sent, many.duplicates, many.refused], [2, 1, 1])
  assert.deepEqual(many.items.map((i) => i.status), ["sent", "refused", "sent", "duplicate"])
  assert.equal(many.items[1].problem.errors[0].pointer, "/items/1/kind")
  assert.deepEqual(await many.items[0].job.result(), { said: { n: 0 } })
  await rejects(sy.sendMany([{ kind: "agent_echo", payload: { user } }, { kind: "no_such_kind" }], { atomic: true }), Problem, { status: 422 })
})

test("a task is found by its tag, its kind and when it was sent, and brings its notes", bounded, async () => {
  const user = somebody()
  const job = await sy.send("agent_echo", { user }, { in: "1h", tags: [`order:${user}`], meta: { shop: "web" } })
  const { task } = await sy.task(job.id)
  assert.deepEqual([task.tags, task.meta], [[`order:${user}`], { shop: "web" }])
  const created = Date.parse(task.created)
  const found = async (filter) => {
    const ids = []
    for await (const one of sy.list({ user, ...filter })) ids.push(one.id)
    return ids
  }
  assert.deepEqual(await found({ tag: `order:${user}`, kind: "agent_*", from: new Date(created - 1000), to: new Date(created + 1000) }), [job.id])
  for (const other of [{ tag: "other" }, { kind: "scrape_*" }, { from: new Date(created + 1000) }, { to: new Date(created - 1000) }]) {
    assert.deepEqual(await found(other), [])
  }
  const runs = []
  for await (const run of sy.runs({ user, state: ["scheduled"] })) runs.push(run.id)
  assert.deepEqual(runs, [job.id])
  for await (const run of sy.runs({ user, waits: true })) assert.fail(`${run.id} waits for nobody`)
})

test("a task that waits is changed, unless somebody was faster", bounded, async () => {
  const job = await sy.send("agent_echo", { user: somebody(), input: 1 }, { in: "1h" })
  const [mine, yours] = [await sy.task(job.id), await sy.task(job.id)]
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + 7_200_000)
  assert.equal(Date.parse((await yours.change({ at })).due), at.getTime())
  await rejects(mine.change({ in: "0s" }), Problem, { status: 412, type: "/problems/changed" })
  await mine.refresh()
  await mine.change({ in: "0s" })
  assert.deepEqual(await mine.result(), { said: 1 })
  await rejects(mine.change({ expiresIn: "1h" }), Problem, { status: 409, type: "/problems/wrong-state" })
})

test("the attempts at a task are told", bounded, async () => {
  const job = await sy.send("agent_fail", { user: somebody() })
  await rejects(job.result(), TaskFailed)
  const [attempt, ...more] = await job.attempts()
  assert.deepEqual([attempt.number, attempt.outcome, more], [1, "dead", []])
  assert.match(attempt.error, /no such account/)
})

test("an address that cannot be told is refused at its place", bounded, async () => {
  const err = await rejects(sy.send("agent_echo", { user: somebody() }, { notify: [{ url: "https://app.example.com/", on: ["failed"] }] }), Problem, { status: 422 })
  assert.equal(err.errors[0].pointer, "/notify/0/url")
})

test("a batch is followed by a task", bounded, async () => {
  const user = somebody()
  const echo = (input, options) => ({ kind: "agent_echo", payload: { user, input }, ...options })
  const batch = await sy.sendBatch([echo(1), echo(2), { kind: "no_such_kind" }], { then: { kind: "agent_echo", payload: { user }, results: "/input" } })
  assert.deepEqual(batch.items.map((item) => item.status), ["sent", "sent", "refused"])
  const status = await batch.wait({ timeout: 30_000 })
  assert.deepEqual([status.total, status.succeeded, status.done], [2, 2, true])
  const outcomes = []
  for await (const outcome of batch.results()) outcomes.push(outcome)
  assert.deepEqual(outcomes.map((outcome) => outcome.result), [{ said: 1 }, { said: 2 }])
  const later = await sy.sendBatch([echo(3, { in: "1h" })])
  await rejects(later.wait({ timeout: 10 }), Timeout, { message: `batch ${later.id}: 1 tasks have not ended within 10 ms: they go on` })
  await sy.batch(later.id).cancel({ reason: "enough" })
  assert.equal((await later.wait({ timeout: 30_000 })).cancelled, 1)
})

test("a list has the tasks of all pages", bounded, async () => {
  const user = somebody()
  const sent = await sy.sendMany(Array.from({ length: 7 }, (_, n) => ({ kind: "agent_echo", payload: { user, input: { n } }, in: "1h" })))
  const ids = []
  for await (const job of sy.list({ user, kind: "agent_echo", state: ["scheduled", "waiting"], limit: 2 })) ids.push(job.id)
  assert.deepEqual(ids.sort(), sent.items.map((i) => i.id).sort())
})

test("a refusal names the place, the value and the request", bounded, async () => {
  const err = await rejects(sy.send("scrape_page", { url: 7 }), Problem, { status: 422, type: "/problems/invalid" })
  assert.ok(err.is("invalid"))
  assert.equal(err.errors[0].pointer, "/payload/url")
  assert.match(err.requestId, /^[0-9a-f-]{36}$/)
  const unknown = await rejects(sy.send("no_such_kind"), Problem, { type: "/problems/unknown-kind" })
  assert.ok(unknown.known.includes("agent_echo"))
  for (const id of ["", ".", ".."]) await rejects(sy.task(id), Error)
})

test("a child token sees what it is for, and nothing else", bounded, async () => {
  const user = somebody()
  const [mine, other] = [await sy.send("agent_echo", { user, input: 1 }), await sy.send("agent_echo", { user, input: 2 })]
  const child = await sy.childToken({ scopes: ["tasks:read"], tasks: [mine.id], expiresIn: "5m" })
  const page = new Switchyard({ url: process.env.SWITCHYARD_API, token: child.token })
  assert.deepEqual(await (await page.task(mine.id)).result(), { said: 1 })
  await rejects(page.task(other.id), Problem, { status: 404 })
  await rejects(page.send("agent_echo", { user }), Problem, { status: 403, scope: "tasks:send:agent_echo" })
})
