// Is the agents of the tests: says what it is given, fails, or waits until it is stopped.
import { createInterface } from "node:readline"

const say = (line) => console.log(JSON.stringify(line))

const { value: line } = await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()
const run = JSON.parse(line)
switch (process.argv[2]) {
  case "echo":
    say({ type: "progress", message: "reading", done: 1, total: 2 })
    say({ type: "result", result: { said: run.input } })
    break
  case "fail":
    say({ type: "error", message: "no such account", permanent: true })
    break
  case "sleep":
    say({ type: "progress", message: "asleep" })
    await new Promise((resolve) => setTimeout(resolve, 600_000))
}
process.exit()
