// Imported before the server to measure its memory (`--import`; NODE_OPTIONS does not accept
// --expose-gc). On each SIGUSR2 it writes one line of JSON with the msg "memory" to stdout, in
// bytes: the current resident set, then the heap and the memory outside of it (buffers,
// WebAssembly) after a full collection.
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.on('SIGUSR2', async () => {
  const { rss } = process.memoryUsage()
  // The second collection frees what finalizers released.
  collect()
  await pause(100)
  collect()
  const { heapUsed, external } = process.memoryUsage()
  process.stdout.write(`${JSON.stringify({ msg: 'memory', rss, heapUsed, external })}\n`)
})
