import assert from "node:assert/strict"
import { test } from "node:test"
import { Problem } from "../src/index.js"
import { bounded, rejects, somebody, sy } from "./rig.js"

test("an entry of the schedule lives through put, pause, run and delete", bounded, async () => {
  const id = somebody()
  const entry = { spec: "0 8 * * MON-FRI", zone: "Europe/Berlin", kind: "agent_echo", payload: { user: "ada", input: { from: "schedule" } }, owner: "ada" }
  assert.equal((await sy.schedule.preview(id, entry)).next.length, 10)
  await rejects(sy.schedule.get(id), Problem, { status: 404 })
  const made = await sy.schedule.put(id, entry, { onlyNew: true })
  await rejects(sy.schedule.put(id, entry, { onlyNew: true }), Problem, { status: 412, type: "/problems/changed" })
  const changed = await sy.schedule.put(id, { ...entry, spread: "5m" }, { revision: made.revision })
  assert.equal(changed.spread, "5m0s")
  await rejects(sy.schedule.put(id, entry, { revision: made.revision }), Problem, { status: 412 })
  assert.equal((await sy.schedule.pause(id)).paused, true)
  assert.equal((await sy.schedule.resume(id)).paused, false)
  const found = []
  for await (const one of sy.schedule.list({ owner: "ada", match: id })) found.push(one.id)
  assert.deepEqual(found, [id])
  const job = await sy.schedule.run(id)
  assert.deepEqual(await job.result(), { said: { from: "schedule" } })
  await sy.schedule.delete(id)
  await rejects(sy.schedule.get(id), Problem, { status: 404 })
})

test("a brake stops a user's agents, and its events tell so", bounded, async () => {
  const user = somebody()
  const job = await sy.send("agent_sleep", { user })
  for await (const event of job.events()) if (event.state === "running") break
  const on = await sy.brake.on(user)
  assert.deepEqual([on.changed, on.stopped], [true, [`${job.queue}/${job.id}`]])
  assert.equal((await sy.brake.get(user)).state, "paused")
  assert.ok((await sy.brake.list()).users.some((one) => one.user === user))
  const states = []
  for await (const event of sy.events(user, { last: "0" })) {
    if (event.type === "brake") states.push(event.data.state)
    if (states.at(-1) === "paused") break
  }
  assert.deepEqual(states, ["pausing", "paused"])
  await job.cancel()
  assert.equal((await sy.brake.off(user)).changed, true)
})

test("queues and kinds are told, and a queue pauses", bounded, async () => {
  assert.equal((await sy.kind("agent_echo")).queue, "agents")
  assert.ok((await sy.kinds()).some((kind) => kind.name === "scrape_page" && kind.schema.type === "object"))
  await sy.send("agent_echo", { user: somebody() }, { queue: "default", in: "1h" })
  assert.equal((await sy.queues.pause("default")).changed, true)
  assert.equal((await sy.queues.list()).find((queue) => queue.name === "default").paused, true)
  assert.equal((await sy.queues.resume("default")).changed, true)
})
