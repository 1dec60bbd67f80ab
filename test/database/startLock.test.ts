// The lock of a data directory: one holder at a time, and never a dead one.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identifySelf } from '../../src/database/embedded/processIdentity.ts'
import { withStartLock } from '../../src/database/embedded/startLock.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jobledger-lock-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function leaveLock(holder: { pid: number; startedAt: string }): void {
  writeFileSync(join(dir, 'start-lock.7'), JSON.stringify(holder))
}

const dead = { pid: process.pid, startedAt: 'before this boot' }

describe('withStartLock', () => {
  it('refuses others while a living process holds the lock, and names that process', async () => {
    leaveLock(identifySelf())
    const entered: string[] = []
    const attempt = withStartLock(dir, async () => void entered.push('in'), 200)
    await expect(attempt).rejects.toThrow(`Process ${process.pid} has been starting the database in ${dir} for 0.2 s`)
    expect(entered).toEqual([])
  })

  it('lets the next one in when the holder is dead', async () => {
    leaveLock(dead)
    expect(await withStartLock(dir, async () => 'in', 200)).toBe('in')
  })

  it('admits one at a time, however many processes compete, after a holder died', async () => {
    leaveLock(dead)
    let inside = 0
    let most = 0
    const visit = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await yieldToOthers()
      inside -= 1
    }
    const comeAndGo = async (): Promise<void> => {
      for (let round = 0; round < 5; round += 1) await withStartLock(dir, visit, 20_000)
    }
    await Promise.all(Array.from({ length: 20 }, comeAndGo))
    expect({ inside, most }).toEqual({ inside: 0, most: 1 })
  })

  it('is free again after failed work', async () => {
    const failing = withStartLock(dir, () => Promise.reject(new Error('no disk')))
    await expect(failing).rejects.toThrow('no disk')
    expect(await withStartLock(dir, async () => 'in', 200)).toBe('in')
  })

  it('leaves at most two small files behind', async () => {
    for (let visit = 0; visit < 5; visit += 1) await withStartLock(dir, async () => undefined)
    expect(readdirSync(dir).sort()).toEqual(['start-lock.4', 'start-lock.5'])
  })
})
