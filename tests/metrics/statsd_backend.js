// A backend of the real statsd: every flush is a line of JSON in the file that FLUSHED names.
'use strict'

const fs = require('fs')

exports.init = (startupTime, config, events) => {
  events.on('flush', (time, metrics) => {
    fs.appendFileSync(process.env.FLUSHED, JSON.stringify({time, counters: metrics.counters, gauges: metrics.gauges}) + '\n')
  })
  return true
}
