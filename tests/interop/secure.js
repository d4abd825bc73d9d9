// Publishes and consumes over every kind of connection that it is told of, one after the other, with nsqjs. One JSON argument:
//   runs: [{name, port, httpPort, topic, options, ca, cert, key}]: options are nsqjs's, the last three are paths of PEM files
// Prints one JSON object per run:
//   {name, wanted, got: hashes of the bodies, sorted; requeued, reader, writer: what the broker says of the two connections}
// or {name, failure}.
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const http = require('http')
const nsq = require('nsqjs')

const job = JSON.parse(process.argv[2])
const PATIENCE_MS = job.patienceMs

// Short and long, that compress well and not at all, and that are longer than a record of TLS or a chunk of snappy.
function bodies() {
  const made = []
  for (let i = 0; i < 100; i++) made.push(Buffer.from(`message ${i}`))
  for (const size of [1, 16384, 65536, 65537, 200000]) {
    made.push(crypto.randomBytes(size))
    made.push(Buffer.alloc(size, `text that repeats itself ${size} `))
  }
  return made
}

const hashOf = (body) => crypto.createHash('sha256').update(body).digest('hex')

function optionsOf(run) {
  const options = {...run.options}
  for (const name of ['ca', 'cert', 'key']) if (run[name]) options[name] = fs.readFileSync(run[name])
  return options
}

function statsOf(run) {
  return new Promise((resolve, reject) => {
    const path = `/stats?format=json&topic=${run.topic}`
    const headers = run.options.authSecret ? {Authorization: `Bearer ${run.options.authSecret}`} : {}
    http.get({host: '127.0.0.1', port: run.httpPort, path, headers}, (answer) => {
      let text = ''
      answer.on('data', (part) => (text += part))
      answer.on('end', () => resolve(JSON.parse(text)))
    }).on('error', reject)
  })
}

function inTime(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`too late: ${what}`)), PATIENCE_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function connectedWriter(run) {
  return new Promise((resolve, reject) => {
    const writer = new nsq.Writer('127.0.0.1', run.port, {...optionsOf(run), clientId: 'writer'})
    writer.on('ready', () => resolve(writer))
    writer.on('error', reject)
    writer.on('closed', () => reject(new Error('the writer was closed')))
    writer.connect()
  })
}

const published = (writer, method, ...args) =>
  new Promise((resolve, reject) => writer[method](...args, (err) => (err ? reject(err) : resolve())))

// Takes so many messages; every tenth is sent back when it comes first.
class Consumption {
  constructor(run, count) {
    this.got = []
    this.seen = new Set()
    this.requeued = 0
    this.reader = new nsq.Reader(run.topic, 'c', {
      ...optionsOf(run), clientId: 'reader', nsqdTCPAddresses: `127.0.0.1:${run.port}`, maxInFlight: 20,
    })
    this.connected = new Promise((resolve, reject) => {
      this.reader.on('nsqd_connected', resolve)
      this.reader.on('error', reject)
    })
    this.done = new Promise((resolve, reject) => {
      this.reader.on('error', reject)
      this.reader.on('message', (m) => {
        if (this.seen.size % 10 === 3 && !this.seen.has(m.id)) {
          this.requeued++
          m.requeue(0, false)
        } else {
          m.finish()
          this.got.push(hashOf(m.body))
          if (this.got.length === count) resolve()
        }
        this.seen.add(m.id)
      })
    })
    this.done.catch(() => {}) // told where it is waited for
    this.reader.connect()
  }
}

async function roundTrip(run) {
  const wanted = bodies()
  let writer, consumption
  try {
    consumption = new Consumption(run, wanted.length)
    await inTime(consumption.connected, 'the reader is connected')
    writer = await inTime(connectedWriter(run), 'the writer is connected')
    await inTime(published(writer, 'publish', run.topic, wanted.slice(0, 50)), 'many at once')
    await inTime(published(writer, 'deferPublish', run.topic, [wanted[50]], 50), 'deferred')
    for (const body of wanted.slice(51)) await inTime(published(writer, 'publish', run.topic, body), 'one')
    await inTime(consumption.done, 'everything has come')
    const stats = await inTime(statsOf(run), 'statistics')
    const [topic] = stats.topics
    return {
      wanted: wanted.map(hashOf).sort(),
      got: consumption.got.sort(),
      requeued: consumption.requeued,
      reader: topic.channels[0].clients[0],
      writer: stats.producers.find((p) => (p.pub_counts || []).some((c) => c.topic === run.topic)),
    }
  } finally {
    if (writer) writer.removeAllListeners('closed').close()
    if (consumption) consumption.reader.close()
  }
}

async function main() {
  for (const run of job.runs) {
    let report
    try {
      report = await roundTrip(run)
    } catch (err) {
      report = {failure: String(err && (err.stack || err))}
    }
    process.stdout.write(JSON.stringify({name: run.name, ...report}) + '\n')
  }
}

main().then(() => setTimeout(() => process.exit(0), 100))
