// Publishes the lines of a file with nsqjs and consumes them on several channels, answering messages in every way a
// client can. One JSON argument:
//   port, topic, file, channels: [names], readers: per channel
//   pauseAt: line before which it prints {half: {late, held}} and waits for a line on standard input (the broker may be
//   restarted meanwhile); or -1
//   atRest: until that line has come, `late` messages of each channel are sent back for lateMs as often as they come, and
//   `held` ones are not answered at first: so the broker comes to rest, and has something to keep
// Each line begins with its number in six digits. Prints one JSON object per channel as its last line:
//   {channel: {lines, repeated, requeued, touched, early, sha256}}
'use strict'

const crypto = require('crypto')
const fs = require('fs')
const readline = require('readline')
const nsq = require('nsqjs')

const job = JSON.parse(process.argv[2])
const lines = fs.readFileSync(job.file, 'utf8').split('\n').slice(0, -1)

const BATCH = 200
const IN_FLIGHT = 300
const REQUEUE_MS = 80
const DEFER_MS = 300

const numberOf = (body) => parseInt(body.slice(0, 6), 10)
const wantsRequeue = (n) => n % 23 === 7
const wantsTouch = (n) => n % 101 === 9
const wantsDefer = (n) => n % 997 === 500
const wantsLate = (n) => job.atRest && n < job.pauseAt && n >= job.pauseAt - 500 && n % 50 === 21 && !wantsRequeue(n)
const wantsHold = (n) => job.atRest && n < job.pauseAt && n % 1009 === 13 && !wantsRequeue(n) && !wantsLate(n)

// Publishing: batch after batch, each repeated until it is acknowledged.

let writer = null
let goneOn = false // somebody has said so

function connectWriter() {
  return new Promise((resolve) => {
    const w = new nsq.Writer('127.0.0.1', job.port, {heartbeatInterval: 5})
    let settled = false
    const again = () => {
      if (settled) return
      settled = true
      setTimeout(() => connectWriter().then(resolve), 100)
    }
    w.on('ready', () => {
      if (settled) return
      settled = true
      writer = w
      resolve()
    })
    w.on('error', again)
    w.on('closed', again)
    w.connect()
  })
}

function attempt(publish) {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error('connection lost'))
    const w = writer
    w.once('closed', lost)
    w.once('error', lost)
    publish(w, (err) => {
      w.removeListener('closed', lost)
      w.removeListener('error', lost)
      if (err) reject(err)
      else resolve()
    })
  })
}

async function untilAcknowledged(publish) {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(publish)
    } catch (err) {
      if (tries === 20) throw err // more than a restart explains
      await connectWriter()
    }
  }
}

function somebodySaysGo() {
  const before = [...Array(job.pauseAt).keys()]
  const half = {late: before.filter(wantsLate).length, held: before.filter(wantsHold).length}
  process.stdout.write(JSON.stringify({half}) + '\n')
  return new Promise((resolve) => {
    readline.createInterface({input: process.stdin}).once('line', () => {
      goneOn = true
      resolve()
    })
  })
}

async function publishAll() {
  await connectWriter()
  let batch = []
  const flush = async () => {
    const messages = batch
    batch = []
    if (messages.length) await untilAcknowledged((w, done) => w.publish(job.topic, messages, done))
  }
  for (let i = 0; i < lines.length; i++) {
    if (i === job.pauseAt) {
      await flush()
      await somebodySaysGo()
    }
    if (wantsDefer(numberOf(lines[i]))) {
      await untilAcknowledged((w, done) => w.deferPublish(job.topic, [lines[i]], DEFER_MS, done))
    } else {
      batch.push(lines[i])
    }
    if (batch.length === BATCH) await flush()
  }
  await flush()
  writer.close()
}

// Consuming.

class Channel {
  constructor(name) {
    this.name = name
    this.bodies = new Array(lines.length)
    this.missing = lines.length
    this.repeated = this.requeued = this.touched = this.early = 0
    this.dueAt = new Map() // of those that were sent back; ms
    this.held = new Set()
    this.done = new Promise((resolve) => {
      this.complete = resolve
    })
    this.readers = Array.from({length: job.readers}, () => this.reader())
  }

  reader() {
    const r = new nsq.Reader(job.topic, this.name, {
      nsqdTCPAddresses: `127.0.0.1:${job.port}`,
      maxInFlight: IN_FLIGHT,
      lookupdPollInterval: 1, // also how often it tries to connect again
      messageTimeout: 300000, // nothing comes back for this reason
      heartbeatInterval: 5,
    })
    r.on('message', (m) => this.take(m))
    r.on('error', () => {}) // a refused connection while the broker restarts; the reader tries again
    r.connect()
    return r
  }

  take(m) {
    const body = m.body.toString()
    const n = numberOf(body)
    if (Date.now() < this.dueAt.get(n) - 5) this.early++
    if (wantsHold(n) && !this.held.has(n)) {
      this.held.add(n)
      return
    }
    if (wantsLate(n) && !goneOn) {
      this.sendBack(m, n, job.lateMs)
      return
    }
    if (wantsRequeue(n) && !this.dueAt.has(n)) {
      this.requeued++
      this.sendBack(m, n, REQUEUE_MS)
      return
    }
    if (wantsTouch(n)) {
      this.touched++
      m.touch()
      setTimeout(() => this.finish(m, n, body), 30)
      return
    }
    this.finish(m, n, body)
  }

  sendBack(m, n, delay) {
    this.dueAt.set(n, Date.now() + delay)
    m.requeue(delay, false)
  }

  finish(m, n, body) {
    m.finish()
    if (this.bodies[n] !== undefined) {
      this.repeated++
      return
    }
    this.bodies[n] = body
    if (--this.missing === 0) this.complete()
  }

  report() {
    const hash = crypto.createHash('sha256')
    for (const body of this.bodies) hash.update(body + '\n')
    return {
      lines: this.bodies.length,
      repeated: this.repeated,
      requeued: this.requeued,
      touched: this.touched,
      early: this.early,
      sha256: hash.digest('hex'),
    }
  }
}

async function main() {
  const channels = job.channels.map((name) => new Channel(name))
  await publishAll()
  await Promise.all(channels.map((c) => c.done))
  const report = {}
  for (const c of channels) report[c.name] = c.report()
  // The last answers leave in the next turns; closing at once would drop them.
  setTimeout(() => {
    channels.forEach((c) => c.readers.forEach((r) => r.close()))
    process.stdout.write(JSON.stringify(report) + '\n', () => process.exit(0))
  }, 500)
}

process.on('unhandledRejection', (err) => {
  process.stderr.write(`${err.stack}\n`)
  process.exit(1)
})
main()
