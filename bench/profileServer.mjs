// Imported before the server to profile it (`--import`; NODE_OPTIONS does not accept --cpu-prof).
// When the process ends, writes a .cpuprofile to BENCH_PROFILE_DIR, for example for Chrome's
// developer tools.
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { join } from 'node:path'
import process from 'node:process'

const dir = process.env.BENCH_PROFILE_DIR ?? '.'
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.start')

// A session on its own process runs the callback before `post` returns, so it also works while the
// process is exiting.
process.once('exit', () => {
  session.post('Profiler.stop', (error, stopped) => {
    if (error !== null) return
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, `server-${process.pid}.cpuprofile`), JSON.stringify(stopped.profile))
  })
})
