// Is compiled and never run: what typed callers may write, and what they may not.
import { Problem, Switchyard, TaskFailed, WaitTimeout } from "../src/index.js"

interface Scout { user: string; input: { keywords: string[] } }
interface Scouted { found: string[] }

export async function use(sy: Switchyard, signal: AbortSignal): Promise<string[]> {
  const job = await sy.send<Scout, Scouted>("agent_job_scout", { user: "ada", input: { keywords: ["go"] } }, { key: "order-4711", in: "5m", signal })
  for await (const event of job.events({ signal })) if (event.type === "ended") console.log(event.task.result?.found, event.progress)
  try {
    return (await job.result({ timeout: 60_000 })).found
  } catch (err) {
    if (err instanceof Problem) return err.errors.map((e) => e.detail)
    if (err instanceof WaitTimeout || err instanceof TaskFailed) return [err.task.id]
    throw err
  }
}

export async function mistakes(sy: Switchyard) {
  // @ts-expect-error the payload is of another type
  await sy.send<Scout>("agent_job_scout", { user: 7 })
  // @ts-expect-error there is no such option
  await sy.send("scrape_page", {}, { later: "5m" })
  // @ts-expect-error nobody is told that a task runs
  await sy.send("scrape_page", {}, { tags: ["a"], meta: { shop: "web" }, notify: [{ url: "https://app.example/", on: ["running"] }] })
  // @ts-expect-error a change knows no key
  await (await sy.task("x")).change({ in: "0s", key: "k" })
  // @ts-expect-error there is no such state
  sy.list({ state: "done" })
  // @ts-expect-error a child says when it ends
  await sy.childToken({ scopes: ["tasks:read"] })
  const many = await sy.sendMany([{ kind: "scrape_page", payload: {} }])
  // @ts-expect-error one that was refused is no job
  many.items[0].job
}
