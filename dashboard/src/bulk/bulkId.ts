// The id of a bulk action: pages use its UUID, as the metadata of records has it.

const TYPE = 'BulkAction'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function uuidOf(globalId: string): string {
  return atob(globalId).slice(TYPE.length + 1)
}

/** Undefined if `uuid` is not a UUID. */
export function globalIdOf(uuid: string): string | undefined {
  return UUID.test(uuid) ? btoa(`${TYPE}:${uuid}`) : undefined
}
