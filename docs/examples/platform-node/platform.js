// A platform of your own for Twinbed's scenario hello: it cools whatever gets hot.
//   node platform.js mqtt://127.0.0.1:1883
import mqtt from 'mqtt'

const url = process.argv[2] ?? process.env.BROKER ?? 'mqtt://127.0.0.1:1883'
const password = process.env.PLATFORM_PASSWORD
const limit = 80 // °C

const broker = mqtt.connect(url, {
  clientId: 'platform', // the one client that may command
  ...(password && { username: 'platform', password })
})

const hot = new Set() // things above the limit: a decision fires once and is armed again below it
const asked = new Map() // commands on their way, by id
let ids = 0
let waiting = false

broker.on('connect', () => {
  waiting = false
  hot.clear()
  asked.clear()
  broker.subscribe({ 'twinbed/things/+/readings': { qos: 0 }, 'twinbed/things/+/acks': { qos: 0 } })
  console.log(`deciding at ${url}`)
})

broker.on('message', (topic, payload) => {
  const [, , thing, room] = topic.split('/')
  const told = JSON.parse(payload)
  if (room === 'acks') {
    if (told.outcome !== 'done') console.log(`${thing}: ${asked.get(told.id)} ${told.outcome}: ${told.note ?? ''}`)
    asked.delete(told.id)
    return
  }
  if (!(told.temperature > limit)) {
    hot.delete(thing)
  } else if (!hot.has(thing)) {
    hot.add(thing)
    const order = { id: ++ids, command: 'cool', seq: told.seq, decision: 'too hot' }
    asked.set(order.id, order.command)
    broker.publish(`twinbed/things/${thing}/commands`, JSON.stringify(order))
  }
})

broker.on('error', (why) => {
  if (!waiting) console.error(`waiting for ${url}: ${why.message || why.code}`)
  waiting = true // and mqtt tries again every second
})

process.on('SIGTERM', () => broker.end(false, () => process.exit()))
