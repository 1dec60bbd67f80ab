// Names of Google Cloud Pub/Sub topics and subscriptions.

const NAME = '[A-Za-z][A-Za-z0-9._~%+-]{2,254}'
const PROJECT = '[a-z][a-z0-9.:-]{4,62}[a-z0-9]'
const PATTERNS = {
  topic: new RegExp(`^projects/(${PROJECT})/topics/${NAME}$`),
  subscription: new RegExp(`^projects/(${PROJECT})/subscriptions/${NAME}$`),
}

/** Why `text` is not a full name; undefined if it is one. */
export function pubSubNameFault(kind: keyof typeof PATTERNS, text: string): string | undefined {
  if (PATTERNS[kind].test(text)) return undefined
  return `must be the full name of a ${kind}, such as projects/my-project/${kind}s/jobs (got "${text.slice(0, 100)}").`
}

/** The project of a valid name. */
export function projectOf(name: string): string {
  return name.split('/')[1] ?? ''
}
