import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import { createServer, request } from "node:http"
import { Switchyard } from "../src/index.js"

/** The client of the tests: the daemons run already. */
export const sy = Switchyard.fromEnv()
export const { SWITCHYARD_API: url, SWITCHYARD_TOKEN: token } = process.env

/** Returns a user of whom no other test knows. */
export const somebody = () => `u${randomUUID()}`

/** Bounds a test whose event never comes. */
export const bounded = { timeout: 60_000 }

export async function rejects(promise, type, fields = {}) {
  let told
  await assert.rejects(promise, (err) => ((told = err), true))
  assert.ok(told instanceof type, `${told?.stack} is no ${type.name}`)
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(told[name], value, `${name} of ${told.message}`)
  return told
}

/**
 * Serves the API through a proxy that may misbehave. meddle(req, res, forward) answers or passes a
 * request on; what it returns is not used. Ends with the test.
 */
export async function through(t, meddle) {
  const server = createServer((req, res) => {
    const forward = (whole = true) => {
      const up = request(new URL(req.url, url), { method: req.method, headers: req.headers }, (answer) => {
        if (!whole) return answer.on("data", () => {}).on("end", () => res.destroy())
        res.writeHead(answer.statusCode, answer.headers)
        answer.pipe(res)
      })
      up.on("error", () => res.destroy())
      res.on("close", () => up.destroy())
      req.pipe(up)
    }
    meddle(req, res, forward)
  })
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${server.address().port}`
}
