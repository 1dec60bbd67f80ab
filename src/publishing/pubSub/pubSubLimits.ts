// What one message of Pub/Sub may hold, and the settings of the ledger that keep records within that.
// https://cloud.google.com/pubsub/quotas#resource_limits

/** A request to publish, and so a message. */
const MAX_MESSAGE_BYTES = 10 * 1024 * 1024
const MAX_ATTRIBUTE_BYTES = 1024

/** JSON writes some characters in six bytes, and PostgreSQL may write a space behind each colon and comma of metadata. */
const REASON_FACTOR = 6
const METADATA_FACTOR = 2
/** For all that a record holds beside reason and metadata. */
const REST_BYTES = 100_000

/** The largest LIMIT_METADATA_BYTES whose records all fit into messages. */
export function maxMetadataBytes(reasonBytes: number): number {
  return Math.floor((MAX_MESSAGE_BYTES - REST_BYTES - REASON_FACTOR * reasonBytes) / METADATA_FACTOR)
}

/** The largest LIMIT_NAME_CHARACTERS whose names all fit into attributes, at four bytes a character. */
export const MAX_PUBLISHED_NAME_CHARACTERS = MAX_ATTRIBUTE_BYTES / 4

export interface EventMessage {
  /** The event as JSON. */
  readonly data: Buffer
  readonly orderingKey: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Why Pub/Sub will never accept a message; undefined if it may. */
export function messageFault({ data, orderingKey, attributes }: EventMessage): string | undefined {
  let bytes = data.length + Buffer.byteLength(orderingKey)
  for (const [name, value] of Object.entries(attributes)) {
    const length = Buffer.byteLength(value)
    if (length > MAX_ATTRIBUTE_BYTES)
      return `The attribute ${name} has ${length} bytes; Pub/Sub accepts at most ${MAX_ATTRIBUTE_BYTES}.`
    bytes += name.length + length
  }
  if (bytes <= MAX_MESSAGE_BYTES) return undefined
  return `The message has ${bytes} bytes; Pub/Sub accepts at most ${MAX_MESSAGE_BYTES}.`
}
