// node publish.js PORT TOPIC [SECRET]: publishes one message and says what came of it.
const { Writer } = require('nsqjs')
const [port, topic, authSecret] = process.argv.slice(2)
const writer = new Writer('127.0.0.1', Number(port), { authSecret })

function end(text) {
  console.log(text)
  process.exit(text === 'published' ? 0 : 1)
}

writer.on('ready', () => writer.publish(topic, 'hello', (err) => end(err ? `refused: ${err.message}` : 'published')))
writer.on('error', (err) => end(`refused: ${err.message}`))
writer.connect()
