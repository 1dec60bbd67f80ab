// The limits of a Pub/Sub message, and limits for settings so that records stay within them.
// https://cloud.google.com/pubsub/quotas#resource_limits

/** Limit of a publish request, and therefore of a message. */
const MAX_MESSAGE_BYTES = 10 * 1024 * 1024
const MAX_ATTRIBUTE_BYTES = 1024

/**
 * JSON escapes some characters with six bytes, and PostgreSQL may add a space after each colon and
 * comma of metadata.
 */
const REASON_FACTOR = 6
const METADATA_FACTOR = 2
/** Allowance for the other fields of a record. */
const REST_BYTES = 100_000

/** The largest LIMIT_METADATA_BYTES with which every record fits into a message. */
export function maxMetadataBytes(reasonBytes: number): number {
  return Math.floor((MAX_MESSAGE_BYTES - REST_BYTES - REASON_FACTOR * reasonBytes) / METADATA_FACTOR)
}

/**
 * The largest LIMIT_NAME_CHARACTERS with which every name fits into an attribute, at four bytes a
 * character.
 */
export const MAX_PUBLISHED_NAME_CHARACTERS = MAX_ATTRIBUTE_BYTES / 4

export interface EventMessage {
  /** The event as JSON. */
  readonly data: Buffer
  readonly orderingKey: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Why Pub/Sub would refuse the message permanently; undefined if it would not. */
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
