// Names that lack the end of a setting's name, and the settings they resemble.
import { describe, expect, it } from 'vitest'
import { nearestSetting } from '../../src/config/nearestSetting.ts'
import { VARIABLE_NAMES } from '../../src/config.ts'

describe('a name that lacks the end of a setting', () => {
  const longer = VARIABLE_NAMES.flatMap((name) => [...name.matchAll(/_/g)].map(({ index }) => name.slice(0, index)))
  const short = [...new Set(longer)].filter((name) => name.includes('_') && !VARIABLE_NAMES.includes(name))

  it('always resembles that setting', () => {
    expect(short).toEqual(expect.arrayContaining(['JOB_RETRY_BASE', 'EVENTS_PING', 'SLOW_THRESHOLD', 'LIMIT_CONTENT']))
    for (const name of short) expect(nearestSetting(name, VARIABLE_NAMES)).toContain(`${name}_`)
    expect(nearestSetting('limit_body', VARIABLE_NAMES)).toBe('LIMIT_BODY_BYTES')
    expect(nearestSetting('RATE_LIMIT', VARIABLE_NAMES)).toBe('RATE_LIMIT_PER_SECOND or RATE_LIMIT_BURST')
  })

  it('is accepted if it is a setting itself or a single word', () => {
    for (const name of ['LIMIT_SUBSCRIPTIONS', 'JOBLEDGER_TOKEN', 'AUTH', 'LIMIT', 'DATABASE'])
      expect(nearestSetting(name, VARIABLE_NAMES)).toBeUndefined()
  })
})
