// The line to the Go test that runs this script: one JSON object a line. The test starts, kills and
// restarts the server, writes as somebody else, and ends sessions; the script asks for it.
import { createInterface } from 'node:readline'

const waiting = new Map()
let number = 0

createInterface({ input: process.stdin }).on('line', (line) => {
  const { n, error, ...answer } = JSON.parse(line)
  const { resolve, reject } = waiting.get(n)
  waiting.delete(n)
  error ? reject(new Error(`the test could not: ${error}`)) : resolve(answer)
})

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

// ask has the test do something, and resolves to what came of it.
export function ask(what, details = {}) {
  const n = ++number
  const answer = new Promise((resolve, reject) => waiting.set(n, { resolve, reject }))
  say({ ask: what, n, ...details })
  return answer
}

export const log = (text) => say({ log: text })

// The two addresses of the server: its own, and that of a proxy which counts connections.
export const [, , direct, counted] = process.argv

// within fails unless the promise is settled in time. The time is generous: nothing here is measured by it.
export async function within(promise, what, seconds = 30) {
  let timer
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not within ${seconds} s: ${what()}`)), seconds * 1000) })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

// run runs the scenarios that the test has selected, one after the other, and tells it how each ended.
export async function run(scenarios) {
  for (const [name, scenario] of scenarios) {
    if (!(await ask('begin', { name })).selected) continue
    try {
      await scenario()
      say({ end: name })
    } catch (error) {
      say({ end: name, failed: error.stack ?? String(error) })
    }
  }
  process.exit(0) // clients that go on trying for ever are part of the matter
}
