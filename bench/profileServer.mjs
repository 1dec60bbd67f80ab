// Loaded before the server where it is to be profiled (`--import`; NODE_OPTIONS does not take --cpu-prof): leaves a .cpuprofile in
// BENCH_PROFILE_DIR when the process ends, for Chrome's developer tools and the like.
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { join } from 'node:path'
import process from 'node:process'

const dir = process.env.BENCH_PROFILE_DIR ?? '.'
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.start')

// A session on its own process answers before `post` returns, so that it also works while the process is exiting.
process.once('exit', () => {
  session.post('Profiler.stop', (error, stopped) => {
    if (error !== null) return
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, `server-${process.pid}.cpuprofile`), JSON.stringify(stopped.profile))
  })
})
