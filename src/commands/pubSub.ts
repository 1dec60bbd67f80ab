// `jobledger pubsub setup`: creates what publishing to Google Cloud Pub/Sub needs.
import { readConfig } from '../config.ts'
import { pubSubNameFault } from '../publishing/pubSub/names.ts'
import { setUpPubSub } from '../publishing/pubSub/setUp.ts'
import { UsageError } from './program/usageError.ts'

export interface SetUpPubSubOptions {
  /** Full name of a subscription to create as well. */
  readonly subscription?: string
}

/** @throws ConfigError, UsageError, PubSubSetUpError */
export async function setUp({ subscription }: SetUpPubSubOptions): Promise<void> {
  const { pubSubTopic: topic } = readConfig().publish
  if (topic === undefined) {
    throw new UsageError(
      'PUBSUB_TOPIC is not set: set it to the full name of the topic, such as projects/my-project/topics/jobs.',
    )
  }
  const fault = subscription === undefined ? undefined : pubSubNameFault('subscription', subscription)
  if (fault) throw new UsageError(`--subscription ${fault}`)
  for (const sentence of await setUpPubSub({ topic, subscription })) console.log(sentence)
}
