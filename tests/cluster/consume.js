// Consumes a topic with nsqjs, which finds the brokers through discovery daemons. One JSON argument:
//   topic, channel, lookupds: ["host:port"], and optionally heartbeatInterval, idleTimeout: s
// Prints a line per event: "c HOST:PORT" a connection is there, "d HOST:PORT" it is gone (or never was), "m BODY" a message.
// Ends when standard input does.
'use strict'

const fs = require('fs')
const nsq = require('nsqjs')

const job = JSON.parse(process.argv[2])
const say = (what, text) => fs.writeSync(1, `${what} ${text}\n`)

const reader = new nsq.Reader(job.topic, job.channel, {
  lookupdHTTPAddresses: job.lookupds,
  lookupdPollInterval: 1,
  maxInFlight: 300,
  maxBackoffDuration: 1,
  heartbeatInterval: job.heartbeatInterval || 60,
  idleTimeout: job.idleTimeout || 0,
})
reader.on('nsqd_connected', (host, port) => say('c', `${host}:${port}`))
reader.on('nsqd_closed', (host, port) => say('d', `${host}:${port}`))
reader.on('message', (m) => {
  say('m', m.body.toString())
  m.finish()
})
reader.on('error', () => {}) // a broker that does not answer; nsqjs asks the discovery daemons again
reader.connect()

process.stdin.on('end', () => process.exit(0))
process.stdin.resume()
