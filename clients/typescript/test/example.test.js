import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { bounded } from "./rig.js"

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** Runs the example with the client as npm installs it, and returns its address. */
async function start(t) {
  const dir = mkdtempSync(join(tmpdir(), "switchyard-example-"))
  t.after(() => rmSync(dir, { recursive: true }))
  cpSync(here("../../../examples/send-from-node"), dir, { recursive: true })
  const client = join(dir, "node_modules", "switchyard-client")
  mkdirSync(client, { recursive: true })
  cpSync(here("../src"), join(client, "src"), { recursive: true })
  cpSync(here("../package.json"), join(client, "package.json"))
  const server = spawn(process.execPath, ["server.js"], { cwd: dir, env: { ...process.env, PORT: "0" }, stdio: ["ignore", "pipe", "inherit"] })
  t.after(async () => {
    server.kill("SIGTERM")
    if (server.exitCode === null) await once(server, "exit")
  })
  const [line] = await once(server.stdout, "data")
  return String(line).trim()
}

test("the example sends a visitor's task once and brings its result", bounded, async (t) => {
  const site = createServer((req, res) => res.setHeader("Content-Type", "text/html").end("<title>Tea</title><p>Tea is served at four."))
  await once(site.listen(0, "127.0.0.1"), "listening")
  t.after(() => (site.closeAllConnections(), site.close()))
  const page = `http://127.0.0.1:${site.address().port}/tea`
  const example = await start(t)

  const post = () => fetch(`${example}/pages?url=${encodeURIComponent(page)}`, { method: "POST", headers: { "Idempotency-Key": page } })
  const first = await post()
  assert.equal(first.status, 202)
  const { id } = await first.json()
  assert.equal((await (await post()).json()).id, id)
  const done = await fetch(`${example}/pages/${id}`)
  assert.equal(done.status, 200)
  assert.equal((await done.json()).url, page)

  const wrong = await fetch(`${example}/pages?url=nonsense`, { method: "POST" })
  assert.equal(wrong.status, 422)
  assert.equal((await wrong.json()).errors[0].pointer, "/payload/url")
  assert.equal((await fetch(`${example}/pages/${id}0`)).status, 404)
})
