// Loaded before the server whose memory is measured (`--import`; NODE_OPTIONS does not take --expose-gc): at each SIGUSR2 it tells on
// stdout, as one line of JSON with the msg "memory", what the process holds, in bytes: its resident set as it stands, then its heap and
// what is outside of it (buffers, WebAssembly) after a full collection.
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.on('SIGUSR2', async () => {
  const { rss } = process.memoryUsage()
  // What finalizers let go is collected by the second.
  collect()
  await pause(100)
  collect()
  const { heapUsed, external } = process.memoryUsage()
  process.stdout.write(`${JSON.stringify({ msg: 'memory', rss, heapUsed, external })}\n`)
})
