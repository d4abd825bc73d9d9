// node refused.js PORT TOPIC: publishes good and bad messages with nsqjs and prints what each came to, as one JSON list. A writer for each:
// nsqjs itself closes its connection after an error frame, and must not be told to from within the callback.
const { Writer } = require('nsqjs')
const [port, topic] = process.argv.slice(2)
const bodies = ['{"a":1}', 'no JSON', ['{"a":2}', 'nor this'], '{"a":3}']

function attempt(body) {
  return new Promise((resolve) => {
    const writer = new Writer('127.0.0.1', Number(port))
    let settled = false
    const settle = (text) => {
      if (settled) return
      settled = true
      resolve(text)
    }
    writer.on('ready', () => writer.publish(topic, body, (err) => settle(err ? err.message : 'published')))
    writer.on('error', (err) => settle(err.message))
    writer.connect()
  })
}

(async () => {
  const results = []
  for (const body of bodies) results.push(await attempt(body))
  console.log(JSON.stringify(results))
  process.exit(0)
})()
