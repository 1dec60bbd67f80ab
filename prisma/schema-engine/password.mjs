// Keeps the password of the database out of the list of processes: the CLI starts the engine with the URL among its arguments, for
// every user of the machine to see. The CLI is given a URL with a stand-in; the engine finds the password in its environment.

const STAND_IN = 'hidden-by-jobledger'
const VARIABLE = 'JOBLEDGER_DATASOURCE_PASSWORD'

/**
 * The URL with a stand-in for its password, which is put into the environment of this process and of those that it starts.
 *
 * @param {string} url
 */
export function hidePassword(url) {
  if (!URL.canParse(url)) return url
  const hidden = new URL(url)
  if (hidden.password === '') return url
  process.env[VARIABLE] = hidden.password
  hidden.password = STAND_IN
  return hidden.href
}

/**
 * The URL as it was before `hidePassword`.
 *
 * @param {string} url
 */
export function revealPassword(url) {
  const password = process.env[VARIABLE]
  if (password === undefined || !URL.canParse(url)) return url
  const revealed = new URL(url)
  if (revealed.password !== STAND_IN) return url
  revealed.password = password
  return revealed.href
}
