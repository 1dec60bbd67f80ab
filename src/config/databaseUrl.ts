// Checks the parameters of DATABASE_URL. Parameters that the driver would silently ignore are
// refused, because their author relies on them.

/** Parameters that the driver or this program uses. */
const SUPPORTED = ['application_name', 'host', 'options', 'ssl', 'sslcert', 'sslkey', 'sslrootcert', 'uselibpqcompat']

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']

/** The settings that replace parameters of other drivers. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  connection_limit: 'DATABASE_POOL_MAX',
  pool_timeout: 'DATABASE_CONNECT_TIMEOUT_MS',
  connect_timeout: 'DATABASE_CONNECT_TIMEOUT_MS',
  statement_timeout: 'DATABASE_STATEMENT_TIMEOUT_MS',
  pgbouncer: 'DATABASE_PREPARED_STATEMENTS=false',
  statement_cache_size: 'DATABASE_PREPARED_STATEMENTS=false',
}

export const ONE_HOST = 'must name one host: a list of hosts is not supported.'

/**
 * One sentence, without its subject, for each part of the URL that has no effect or an unexpected
 * one.
 */
export function databaseUrlFaults({ hostname, searchParams }: URL): string[] {
  const hosts = [hostname, searchParams.get('host') ?? '']
  const manyHosts = hosts.some((host) => host.includes(',') || /%2c/i.test(host))
  return [
    ...(manyHosts ? [ONE_HOST] : []),
    ...[...searchParams].flatMap(([name, value]) => parameterFault(name, value) ?? []),
  ]
}

function parameterFault(name: string, value: string): string | undefined {
  if (name === 'options' && setsSearchPath(value))
    return 'must not set `search_path` in its `options` to anything but `public`: its tables are in that schema.'
  if (SUPPORTED.includes(name)) return undefined
  if (name === 'schema') {
    if (value === 'public') return undefined
    return (
      'must not name a schema other than `public`: its tables are in that schema. Give each ' +
      'installation a database of its own.'
    )
  }
  if (name === 'sslmode') {
    if (SSL_MODES.includes(value)) return undefined
    return `has an \`sslmode\` that is not supported: use ${SSL_MODES.join(', ')}.`
  }
  if (name === 'target_session_attrs' && value === 'any') return undefined
  const shown = /^\w{1,40}$/.test(name) ? `the parameter \`${name}\`` : 'a parameter'
  const replacement = REPLACEMENTS[name]
  return (
    `has ${shown}, which has no effect: remove ` +
    `it${replacement === undefined ? '.' : `, and set ${replacement} instead.`}`
  )
}

/** Whether the options set a search path other than `public`. */
function setsSearchPath(options: string): boolean {
  return [...options.matchAll(/search[_-]path=((?:\\.|\S)*)/gi)].some(([, path]) => path !== 'public')
}
