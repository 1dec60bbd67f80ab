// How a reader handles documented commands that do not simply exit with code 0.
import { spawnSync } from 'node:child_process'
import { PUBSUB_EMULATOR } from '../support/pubSubEmulator.ts'

export interface Treatment {
  /** Matches the commands; the first match counts. */
  readonly match: RegExp
  /**
   * Why the command is not run. A reason that starts with "needs" is printed prominently, because
   * something is missing here.
   */
  readonly skip?: string
  /** The output after which a command without end works. */
  readonly until?: RegExp
  /** An action to repeat until then. */
  readonly meanwhile?: 'a job is created' | 'a job fails'
  /** Leaves the command running for the rest of the page. */
  readonly stays?: boolean
}

const NO_PSQL = process.env.TEST_DATABASE_URL
  ? 'is for the embedded PostgreSQL'
  : spawnSync('psql', ['--version']).status !== 0 && 'needs psql'
const DOCKER = 'needs a Docker engine'
const PUBSUB =
  PUBSUB_EMULATOR === undefined ? 'needs an emulator of Pub/Sub' : 'is tested in test/publishing/pubSub.test.ts'

export const TREATMENTS: readonly Treatment[] = [
  { match: /^npm ci && npm start/, until: /:\d+\/graphql/, stays: true },
  { match: /^npm ci && npm test/, skip: 'is the run of which this is a part' },
  { match: /^npm ci && npm run build/, skip: 'is what .ci/run and every run of the tests do' },
  { match: /^npm run bench/, skip: 'takes minutes; its parts are tested in test/bench' },
  { match: /^npm install \/path/, skip: 'is what this test puts in the place of' },
  { match: /^node worker\.mjs/, skip: 'is tested in test/worker/example.test.ts' },
  { match: /^docker compose/, skip: DOCKER },
  { match: /pubsub setup|PUBSUB_TOPIC=/, skip: PUBSUB },
  { match: /^(pg_dump|createdb|pg_restore) /, skip: 'is tested in test/timelines/restore.slow.test.ts' },
  { match: /^PGPASSWORD.* psql /, ...(NO_PSQL && { skip: NO_PSQL }) },
  { match: /^npm run studio/, until: /Prisma Studio is running/ },
  { match: /^curl -N /, until: /^event: next/m, meanwhile: 'a job is created' },
  { match: /^jobledger tail.*--state FAILED/, until: /FAILED/, meanwhile: 'a job fails' },
  { match: /^jobledger tail/, until: /PENDING/, meanwhile: 'a job is created' },
  { match: /^jobledger worker/, until: /completed/, meanwhile: 'a job is created' },
  { match: /node dist\/main\.js/, until: /:\d+\/graphql/ },
  { match: /maintain +#/, until: /./ },
]

/** Placeholders of the documentation and the reader's values. */
export interface Own {
  readonly endpoint: string
  readonly checkout: string
  readonly folder: string
  readonly program: string
  readonly databaseUrl: string
  readonly apiKey: string
}

/** The command as the reader types it. */
export function typed(command: string, own: Own): string {
  return command
    .replaceAll('http://localhost:4000/graphql', own.endpoint)
    .replaceAll('FOLDER', own.folder)
    .replaceAll('/path/to/checkout', own.checkout)
    .replaceAll('/usr/local/bin/backup', own.program)
    .replaceAll('./resize.sh', own.program)
    .replaceAll('postgresql://...', own.databaseUrl)
    .replaceAll('jl_...', own.apiKey)
    .replaceAll('do ...; done', 'do echo "$event"; done')
    .replaceAll('HOST=0.0.0.0', 'PORT=0 HOST=127.0.0.1')
    .replaceAll('node dist/', 'node --import tsx src/')
    .replace(/(src\/\w+)\.js/g, '$1.ts')
}
