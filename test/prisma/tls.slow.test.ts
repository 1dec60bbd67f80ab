// DATABASE_URL with TLS, on a PostgreSQL server with its own certificate.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, copyFileSync, rmSync, statSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type OwnServer, startOwnServer } from '../support/ownServer.ts'
import { prismaCli } from '../support/prismaCli.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { onServer } from '../support/testRun.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = temporaryDirectory('jobledger-tls-')
const certificate = join(folder, 'server.crt')
let server: OwnServer

beforeAll(async () => {
  const key = join(folder, 'server.key')
  const form = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...form, ...names, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  server = await startOwnServer()
  await onServer(server.url, async (session) => {
    const { rows } = await session.query('SHOW data_directory')
    const { uid, gid } = statSync(rows[0].data_directory)
    for (const file of [key, certificate]) {
      const copy = join(rows[0].data_directory, file === key ? 'server.key' : 'server.crt')
      copyFileSync(file, copy)
      chownSync(copy, uid, gid)
      chmodSync(copy, 0o600)
    }
    await session.query('ALTER SYSTEM SET ssl = on')
    await session.query('SELECT pg_reload_conf()')
    await eventually(async () => expect((await session.query('SHOW ssl')).rows).toEqual([{ ssl: 'on' }]))
  })
})
afterEach(endPrograms)
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function urlOf(database: string, parameters: Record<string, string>): string {
  const url = new URL(server.url)
  url.pathname = `/${database}`
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

async function rollUp(databaseUrl: string) {
  const program = runProgram('src/cli.ts', { DATABASE_URL: databaseUrl }, ['rollup'])
  const { code } = await program.ended
  return { code, stderr: program.stderr() }
}

describe('sslmode', () => {
  it.each(['prefer', 'require', 'verify-ca', 'verify-full'])(
    '%s creates a missing database, migrates it and opens it, without a warning',
    async (sslmode) => {
      const url = urlOf(`made_${sslmode.replace('-', '_')}`, { sslmode, sslrootcert: certificate })
      expect(await prismaCli(['migrate', 'deploy'], url)).toMatchObject({
        code: 0,
        said: expect.stringContaining('All migrations have been successfully applied.'),
      })
      expect(await rollUp(url)).toEqual({ code: 0, stderr: '' })
    },
  )

  it.each(['require', 'verify-full'])('%s refuses a certificate without a trusted issuer', async (sslmode) => {
    const url = urlOf('postgres', { sslmode })
    expect(await prismaCli(['migrate', 'status'], url)).toMatchObject({
      code: 1,
      said: expect.stringContaining('self-signed certificate'),
    })
    const { code, stderr } = await rollUp(url)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^The certificate of the database server at \S+ is not trusted \(self-signed certificate\): name the certificate of its issuer by sslrootcert in DATABASE_URL\.\n$/,
    )
  })

  it('verify-full refuses a certificate of another host', async () => {
    const url = new URL(urlOf('postgres', { sslmode: 'verify-full', sslrootcert: certificate }))
    const gate = createServer((near) => {
      const far = connect(Number(new URL(server.url).port), '127.0.0.1')
      near.on('error', () => far.destroy()).pipe(far)
      far.on('error', () => near.destroy()).pipe(near)
    })
    gate.listen(0, '127.0.0.2')
    await once(gate, 'listening')
    url.hostname = '127.0.0.2'
    url.port = String((gate.address() as AddressInfo).port)
    const { code, stderr } = await rollUp(url.href)
    gate.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^The certificate of the database server at 127\.0\.0\.2:\d+ is not valid \([^\n;]+\): replace it, or correct the host in DATABASE_URL\.\n$/,
    )
  })

  it.each(['prefer', 'require', 'verify-full'])('%s reports a server that does not answer', async (sslmode) => {
    const url = `postgresql://u:p@127.0.0.1:1/none?sslmode=${sslmode}`
    expect(await prismaCli(['migrate', 'status'], url)).toMatchObject({
      code: 1,
      said: expect.stringContaining("P1001: Can't reach database server at `127.0.0.1:1`"),
    })
  })
})

describe('sslrootcert', () => {
  it('is reported in one sentence if the file does not exist', async () => {
    const url = urlOf('postgres', { sslmode: 'require', sslrootcert: '/nonexistent/ca.crt' })
    expect(await rollUp(url)).toEqual({
      code: 1,
      stderr:
        "DATABASE_URL names a file in sslrootcert that cannot be read: ENOENT: no such file or directory, access '/nonexistent/ca.crt'.\n",
    })
    const { code, said } = await prismaCli(['migrate', 'status'], url)
    expect(code).toBe(1)
    expect(said).toContain('DATABASE_URL names a certificate file that cannot be read: ENOENT')
    expect(said).not.toMatch(/^ +at /m)
  })
})
