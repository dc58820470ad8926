import assert from "node:assert/strict"
import { test } from "node:test"
import { inspect } from "node:util"
import { ConnectionError, Problem, Switchyard, SwitchyardError, Timeout } from "../src/index.js"
import { Lines } from "../src/events.js"
import { delay } from "../src/time.js"
import { bounded, rejects, somebody, sy, through, token } from "./rig.js"

test("a send whose answer is lost is repeated, and is one task", bounded, async (t) => {
  let sends = 0
  const url = await through(t, (req, res, forward) => forward(req.method !== "POST" || ++sends > 1))
  const user = somebody()
  const job = await new Switchyard({ url, token }).send("agent_echo", { user }, { in: "1h" })
  assert.equal(sends, 2)
  assert.equal(job.duplicate, true)
  const jobs = []
  for await (const one of sy.list({ user })) jobs.push(one.id)
  assert.deepEqual(jobs, [job.id])
})

test("many tasks whose answer is lost are sent once", bounded, async (t) => {
  let sends = 0
  const url = await through(t, (req, res, forward) => forward(++sends > 1))
  const user = somebody()
  const many = await new Switchyard({ url, token }).sendMany([{ kind: "agent_echo", payload: { user }, in: "1h" }])
  assert.deepEqual([sends, many.sent, many.duplicates], [2, 1, 0])
  const jobs = []
  for await (const one of sy.list({ user })) jobs.push(one.id)
  assert.deepEqual(jobs, [many.items[0].id])
})

test("a run, a replay and a cancellation whose answers are lost are done once", bounded, async (t) => {
  let asked = 0
  const url = await through(t, (req, res, forward) => forward(req.method !== "POST" || ++asked % 2 === 0))
  const user = somebody()
  const job = await sy.send("agent_echo", { user, input: 1 }, { in: "1h", retention: "1h" })
  const mine = await new Switchyard({ url, token }).task(job.id)
  await mine.run()
  await mine.result()
  const again = await mine.replay()
  await again.result()
  const later = await sy.send("agent_echo", { user }, { in: "1h" })
  assert.equal((await (await new Switchyard({ url, token }).task(later.id)).cancel()).state, "cancelled")
  await sy.schedule.put(user, { spec: "@yearly", kind: "agent_echo", payload: { user } })
  const ticked = await new Switchyard({ url, token }).schedule.run(user)
  await sy.schedule.delete(user)
  assert.equal(asked, 8)
  const ids = []
  for await (const one of sy.list({ user })) ids.push(one.id)
  const kept = [job.id, again.id, later.id, ticked.id]
  assert.deepEqual(ids.filter((id) => !kept.includes(id)), [])
})

test("what is not safe to repeat is asked once", bounded, async (t) => {
  const job = await sy.send("agent_echo", { user: somebody() }, { in: "1h" })
  let asked = 0
  const url = await through(t, (req, res, forward) => (req.method === "GET" ? forward() : (asked++, res.destroy())))
  const mine = await new Switchyard({ url, token }).task(job.id)
  await rejects(mine.change({ in: "2h" }), ConnectionError) // as it was looked at
  await rejects(mine.delete(), ConnectionError)
  assert.equal(asked, 2)
})

test("an API that is busy or away is asked again as it says, up to the timeout", bounded, async (t) => {
  const answers = [503, 429, 502]
  let asked = 0
  const url = await through(t, (req, res, forward) => {
    asked++
    if (answers.length === 0) return forward()
    res.writeHead(answers.shift(), { "Retry-After": "0", "Content-Type": "text/html" }).end("<h1>busy</h1>")
  })
  assert.ok((await new Switchyard({ url, token }).kinds()).length > 0)
  assert.equal(asked, 4)

  const away = await through(t, (req, res) => res.writeHead(503, { "Retry-After": "3600" }).end())
  await rejects(new Switchyard({ url: away, token }).kinds(), Problem, { status: 503, type: "about:blank" })
  const mute = await through(t, () => {})
  await rejects(new Switchyard({ url: mute, token, timeout: 300 }).kinds(), Timeout)
  await rejects(new Switchyard({ url: "http://127.0.0.1:1", timeout: 1000 }).kinds(), ConnectionError)
  let tries = 0
  const broken = await through(t, (req, res) => { if (tries++ === 0) res.destroy() }) // and then it is mute
  await rejects(new Switchyard({ url: broken, token, timeout: 1000 }).kinds(), ConnectionError)
  assert.ok(tries > 1, `asked ${tries} times`)
})

test("events go on where they broke off, and none is told twice", bounded, async (t) => {
  const streams = []
  const url = await through(t, (req, res, forward) => {
    if (req.url.includes("/events")) {
      streams.push(req.headers["last-event-id"])
      if (streams.length === 3) sy.task(job.id).then((one) => one.cancel())
      else res.on("pipe", (up) => up.once("data", () => setImmediate(() => res.destroy())))
    }
    forward()
  })
  const job = await new Switchyard({ url, token }).send("agent_sleep", { user: somebody() })
  const ids = []
  let last
  for await (const event of job.events()) {
    last = event
    ids.push(event.id)
  }
  assert.equal(last.type, "ended")
  assert.equal(last.state, "cancelled")
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(streams.length, 3)
  assert.equal(streams[0], undefined)
  assert.ok(streams.slice(1).every((id) => ids.includes(id)), inspect({ streams, ids }))
})

test("a signal ends a call, a wait and a stream at once, with its own reason", bounded, async () => {
  const reason = new Error("the user has left")
  const gone = AbortSignal.abort(reason)
  const job = await sy.send("agent_sleep", { user: somebody() })
  for (const call of [() => sy.kinds({ signal: gone }), () => sy.send("agent_echo", {}, { signal: gone }), () => job.wait({ signal: gone }), () => job.events({ signal: gone }).next()]) {
    await assert.rejects(call(), reason)
  }
  const leaving = new AbortController()
  const waiting = assert.rejects(job.wait({ signal: leaving.signal }), reason)
  for await (const event of job.events()) if (event.state === "running") break
  leaving.abort(reason)
  await waiting
  await job.cancel()
})

test("a stream that nobody reads any more is closed", bounded, async (t) => {
  let closed
  const gone = new Promise((resolve) => (closed = resolve))
  const url = await through(t, (req, res, forward) => {
    if (req.url.includes("/events")) res.on("close", closed)
    forward()
  })
  const job = await new Switchyard({ url, token }).send("agent_sleep", { user: somebody() })
  for await (const event of job.events()) if (event) break
  await gone
  await job.cancel()
})

test("the token is neither shown nor sent elsewhere", bounded, async (t) => {
  let elsewhere = 0
  const other = await through(t, (req, res) => (elsewhere++, res.end("{}")))
  const url = await through(t, (req, res) => res.writeHead(302, { Location: other }).end())
  const client = new Switchyard({ url, token, timeout: 1000 })
  const err = await rejects(client.kinds(), ConnectionError)
  assert.equal(elsewhere, 0)
  for (const one of [client, client.schedule, err, err.cause]) {
    assert.ok(!inspect(one, { depth: 20, showHidden: true }).includes(token))
    assert.ok(!JSON.stringify(one).includes(token))
  }
  const bad = await rejects((async () => new Switchyard({ url, token: "sy_abc\ndef" }))(), SwitchyardError)
  assert.ok(!inspect(bad).includes("sy_abc"))
  for (const wrong of ["", "ftp://x", "http://ada:secret@x", "http://x?token=secret"]) {
    const err = await rejects((async () => new Switchyard({ url: wrong }))(), SwitchyardError)
    assert.ok(!inspect(err).includes("secret"))
  }
})

test("a wrong token is a problem, and an answer of somebody else is an error", bounded, async (t) => {
  const wrong = new Switchyard({ url: process.env.SWITCHYARD_API, token: "sy_aaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" })
  await rejects(wrong.queues.list(), Problem, { status: 401, type: "/problems/unauthenticated" })
  const page = await through(t, (req, res) => res.end("<html>"))
  const err = await rejects(new Switchyard({ url: page }).kinds(), SwitchyardError)
  assert.match(err.message, /not JSON/)
})

test("a stream is read alike however it is cut", () => {
  const text = ": hello\r\nid: 1\r\nevent: state\r\ndata: ä\r\ndata:  b\r\n\r\n\n\nevent: none\n\ndata\rid: 2\r\rdata: c\n\n"
  const want = [{ id: "1", type: "state", data: "ä\n b" }, { id: "2", type: "message", data: "" }, { id: undefined, type: "message", data: "c" }]
  const bytes = new TextEncoder().encode(text)
  for (let size = 1; size <= bytes.length; size++) {
    const lines = new Lines()
    const got = []
    for (let at = 0; at < bytes.length; at += size) got.push(...lines.events(bytes.subarray(at, at + size)))
    assert.deepEqual(got, want, `in pieces of ${size}`)
  }
})

test("delays grow, differ, and are no shorter than the API asks for", () => {
  for (let tries = 0; tries < 100; tries++) {
    const ms = delay(tries)
    assert.ok(ms >= Math.min(5000, 100 * 2 ** tries) / 2 && ms <= 5000, `${tries}: ${ms}`)
  }
  assert.ok(delay(0, "7") >= 7000)
  assert.ok(delay(0, new Date(Date.now() + 9000).toUTCString()) >= 7000)
  assert.ok(delay(0, "soon") <= 100)
})
