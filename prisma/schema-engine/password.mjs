// Keeps the password of the database out of the process list. Prisma's CLI passes the URL to the
// engine as an argument, which every user of the machine can see. So the CLI gets a URL with a
// placeholder, and the engine reads the password from its environment.

const PLACEHOLDER = 'hidden-by-jobledger'
const VARIABLE = 'JOBLEDGER_DATASOURCE_PASSWORD'

/**
 * Returns the URL with a placeholder instead of its password. Sets the password in the environment
 * of this process, which child processes inherit.
 *
 * @param {string} url
 */
export function hidePassword(url) {
  if (!URL.canParse(url)) return url
  const hidden = new URL(url)
  if (hidden.password === '') return url
  process.env[VARIABLE] = hidden.password
  hidden.password = PLACEHOLDER
  return hidden.href
}

/**
 * Returns the URL with its password again.
 *
 * @param {string} url
 */
export function revealPassword(url) {
  const password = process.env[VARIABLE]
  if (password === undefined || !URL.canParse(url)) return url
  const revealed = new URL(url)
  if (revealed.password !== PLACEHOLDER) return url
  revealed.password = password
  return revealed.href
}
