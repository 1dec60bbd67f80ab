// `jobledger seal keygen` and `seal vkey`, run by an operator.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { readPrivateKey } from '../../src/proof/noteKeys.ts'
import { endPrograms, runProgram } from '../support/program.ts'

vi.setConfig({ testTimeout: 60_000 })

const ORIGIN = 'jobs.example.com/ledger'
const folder = mkdtempSync(join(tmpdir(), 'jobledger-seal-'))

afterEach(endPrograms)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function seal(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = runProgram('src/cli.ts', {}, ['seal', ...words], { cwd: folder })
  const { code } = await program.ended
  return { code, stdout: program.stdout(), stderr: program.stderr() }
}

it('writes a private key that only its owner can read, and prints the verifier key alone', async () => {
  const { code, stdout, stderr } = await seal('keygen', 'seal.key', '--origin', ORIGIN)
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^jobs\.example\.com\/ledger\+[0-9a-f]{8}\+\S+\n$/),
  })
  const file = join(folder, 'seal.key')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const text = readFileSync(file, 'utf8')
  const signer = readPrivateKey(text.trim())
  expect(stdout).toBe(`${signer.verifierKey}\n`)
  expect(stderr).toContain('Wrote the private key to seal.key.')
  expect(stdout + stderr).not.toContain(text.trim().split('+').slice(4).join('+'))
  expect(await seal('vkey', 'seal.key')).toEqual({ code: 0, stdout, stderr: '' })
})

it('does not overwrite a file, also not through a link', async () => {
  writeFileSync(join(folder, 'existing'), 'kept')
  symlinkSync(join(folder, 'target'), join(folder, 'link'))
  for (const name of ['existing', 'link']) {
    expect(await seal('keygen', name, '--origin', ORIGIN)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${name} exists, and is not overwritten: the key in it may be in use. Choose another file.\n`,
    })
  }
  expect(readFileSync(join(folder, 'existing'), 'utf8')).toBe('kept')
  expect(existsSync(join(folder, 'target'))).toBe(false)
})

it('refuses invalid origins, files and keys with a sentence', async () => {
  for (const origin of ['', 'two words', 'a+b']) {
    expect(await seal('keygen', 'never', '--origin', origin)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^--origin must not contain spaces or plus signs, .*\n$/),
    })
  }
  expect(await seal('keygen', 'missing/seal.key', '--origin', ORIGIN)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^missing\/seal\.key could not be created: ENOENT.*\n$/),
  })
  expect(await seal('vkey', 'never')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^never could not be read: ENOENT.*\n$/),
  })
  writeFileSync(join(folder, 'invalid'), 'secret')
  expect(await seal('vkey', 'invalid')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'invalid is not a key: The private key must have the form PRIVATE+KEY+NAME+ID+KEY.\n',
  })
  expect(existsSync(join(folder, 'never'))).toBe(false)
})
