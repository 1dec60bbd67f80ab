// Parts of DATABASE_URL that the driver would ignore are refused, so that no command runs on the
// wrong database.
import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'
import { prismaCli } from '../support/prismaCli.ts'

const SCHEMA =
  'must not name a schema other than `public`: its tables are in that schema. Give each installation a database of its own.'
const ONE_HOST = 'must name one host: a list of hosts is not supported.'

function faultOf(url: string): string | undefined {
  try {
    parseConfig({ DATABASE_URL: url, AUTH: 'open' })
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
}

describe('DATABASE_URL', () => {
  it.each([
    ['host/name?schema=other', SCHEMA],
    [
      'host/name?options=-c%20jit%3Doff%20--search-path%3Dother',
      'must not set `search_path` in its `options` to anything but `public`: its tables are in that schema.',
    ],
    ['host/name?sslmode=allow', /^has an `sslmode` that is not supported: use disable, /],
    ['host/name?connection_limit=5', /`connection_limit`, which has no effect.* DATABASE_POOL_MAX /],
    ['host/name?pgbouncer=true', /`pgbouncer`, which has no effect.* DATABASE_PREPARED_STATEMENTS=false instead\.$/],
    [
      'host/name?target_session_attrs=read-write',
      'has the parameter `target_session_attrs`, which has no effect: remove it.',
    ],
    ['one,two/name', ONE_HOST],
    ['user:secret@one:5432,two:5432/name', ONE_HOST],
    ['host/name?host=one,two', ONE_HOST],
  ])('is refused as %s, with a sentence', (rest, sentence) => {
    const fault = faultOf(`postgresql://${rest}`)
    expect(fault?.startsWith('DATABASE_URL ')).toBe(true)
    expect(fault?.slice('DATABASE_URL '.length)).toEqual(
      typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
    )
  })

  it.each(['schema=public', 'sslmode=verify-full&application_name=ours', 'options=-c%20search_path%3Dpublic'])(
    'may have %s',
    (parameters) => {
      expect(faultOf(`postgresql://host/name?${parameters}`)).toBeUndefined()
    },
  )

  it('is also refused by Prisma before it connects', async () => {
    const { code, said } = await prismaCli(['migrate', 'status'], 'postgresql://127.0.0.1:1/name?schema=other')
    expect(code).toBe(1)
    expect(said).toContain(`DATABASE_URL ${SCHEMA}`)
  })
})
