// The configured publishers, one for each sink.

import { openAdvisoryLock } from '../database/advisoryLock.ts'
import type { DatabaseSettings } from '../database/client.ts'
import type { Service, ServiceLog } from '../database/service.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { StartFrom } from './batchPublisher.ts'
import type { EventSink } from './eventSink.ts'
import { createFileSink } from './fileSink.ts'
import { runPublisher } from './publisher.ts'
import { createPubSubSink } from './pubSub/pubSubSink.ts'

export interface PublishSettings {
  /** Full name of a Google Cloud Pub/Sub topic; undefined for none. */
  readonly pubSubTopic: string | undefined
  /** Absolute path; undefined for none. */
  readonly file: string | undefined
  readonly startFrom: StartFrom
}

export interface PublishersOptions {
  readonly ledger: Ledger
  readonly settings: PublishSettings
  readonly database: Omit<DatabaseSettings, 'onPoolError'>
  readonly pollMs: number
  readonly shutdownTimeoutMs: number
  readonly log: ServiceLog
}

export function startPublishers(options: PublishersOptions): Service[] {
  const { settings, database, ledger, pollMs, shutdownTimeoutMs, log } = options
  return sinksOf(settings).map((sink) =>
    runPublisher({
      ledger,
      sink,
      lock: openAdvisoryLock(sink.name, database),
      startFrom: settings.startFrom,
      pollMs,
      shutdownTimeoutMs,
      log,
    }),
  )
}

function sinksOf({ pubSubTopic, file }: PublishSettings): EventSink[] {
  return [
    ...(pubSubTopic === undefined ? [] : [createPubSubSink(pubSubTopic)]),
    ...(file === undefined ? [] : [createFileSink(file)]),
  ]
}
