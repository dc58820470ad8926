// Lets the visitors of a site scrape pages. Each task is its visitor's own, and a double click is one task.
//
//     export SWITCHYARD_TOKEN=$(switchyard token make "web site" --scope tasks:send:scrape_page --scope tasks:read)
//     export SWITCHYARD_API=http://127.0.0.1:8080
//     npm install && npm start
//     curl -X POST 'http://127.0.0.1:3000/pages?url=https://go.dev/' -H 'Idempotency-Key: click-1'
//     curl 'http://127.0.0.1:3000/pages/THE-ID-OF-THAT-ANSWER'
import { createServer } from "node:http"
import { Problem, Switchyard, TaskError, WaitTimeout } from "switchyard-client"

const sy = Switchyard.fromEnv()

/** POST /pages?url=...: sends a task, and answers before it has run. */
async function send(url, key, signal) {
  const job = await sy.send("scrape_page", { url }, { key, signal })
  return { status: 202, body: { id: job.id, state: job.state } }
}

/** GET /pages/ID: waits for the result, up to ten seconds. */
async function look(id, signal) {
  try {
    const job = await sy.task(id, { signal })
    return { status: 200, body: await job.result({ timeout: 10_000, signal }) }
  } catch (err) {
    if (err instanceof WaitTimeout) return { status: 202, body: { id, state: err.task.state } }
    if (err instanceof TaskError) return { status: 502, body: { id, state: err.task.state } }
    throw err
  }
}

function answer(req, signal) {
  const { pathname, searchParams } = new URL(req.url, "http://localhost")
  const [, pages, id, more] = pathname.split("/")
  if (pages !== "pages" || more !== undefined) return { status: 404, body: { detail: "there is only /pages" } }
  if (req.method === "POST" && !id) return send(searchParams.get("url"), req.headers["idempotency-key"], signal)
  if (req.method === "GET" && id) return look(decodeURIComponent(id), signal)
  return { status: 405, body: { detail: "POST /pages?url=... or GET /pages/ID" } }
}

/** Tells what the visitor may know of an error. */
function told(err) {
  if (err instanceof Problem && [404, 422].includes(err.status)) return { status: err.status, body: { errors: err.errors } }
  console.error(err)
  return { status: 503, body: { detail: "try again later" } }
}

const server = createServer(async (req, res) => {
  const gone = new AbortController()
  res.on("close", () => gone.abort())
  const { status, body } = await Promise.resolve().then(() => answer(req, gone.signal)).catch(told)
  res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body))
})

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
process.on("SIGTERM", () => {
  server.close()
  server.closeIdleConnections()
})
