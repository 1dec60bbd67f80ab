// How Google Cloud Pub/Sub names topics and subscriptions.

const NAME = '[A-Za-z][A-Za-z0-9._~%+-]{2,254}'
const PROJECT = '[a-z][a-z0-9.:-]{4,62}[a-z0-9]'
const FORMS = {
  topic: new RegExp(`^projects/(${PROJECT})/topics/${NAME}$`),
  subscription: new RegExp(`^projects/(${PROJECT})/subscriptions/${NAME}$`),
}

/** Why a text is not the whole name of a topic or a subscription; undefined if it is. */
export function pubSubNameFault(kind: keyof typeof FORMS, text: string): string | undefined {
  if (FORMS[kind].test(text)) return undefined
  return `must be the whole name of a ${kind}, such as projects/my-project/${kind}s/jobs, not "${text.slice(0, 100)}".`
}

/** The project of a name that has no fault. */
export function projectOf(name: string): string {
  return name.split('/')[1] ?? ''
}
