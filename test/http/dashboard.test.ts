// How the server serves the files of the dashboard: to whom, with which headers, and without a
// build.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROTECTED } from '../support/credentials.ts'
import { buildDashboard, type DashboardBuild } from '../support/dashboardBuild.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let build: DashboardBuild
let server: TestServer

beforeAll(async () => {
  build = await buildDashboard()
  server = await startTestServer({ dashboardFolder: build.folder, environment: PROTECTED })
})

afterAll(async () => {
  await server.close()
  await build.remove()
})

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(server.url + path, { redirect: 'manual', headers, ...init })

/** The addresses of the script and the style of the page. */
async function assetPaths(): Promise<string[]> {
  const page = await (await get('/ui/')).text()
  return [...page.matchAll(/(?:src|href)="(\/ui\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '')
}

describe('the dashboard', () => {
  it('is where the server redirects browsers, but not programs', async () => {
    const page = await get('/', { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' })
    expect([page.status, page.headers.get('location')]).toEqual([302, '/ui/'])
    expect((await get('/ui')).headers.get('location')).toBe('/ui/')
    const program = await get('/', { accept: '*/*' })
    expect(program.status).toBe(404)
    expect(await program.json()).toMatchObject({ message: expect.stringContaining('the dashboard is at /ui/') })
  })

  it('answers every address of a page with the same document, without a credential', async () => {
    const pages = await Promise.all(['/ui/', '/ui/jobs?state=FAILED', '/ui/jobs/abc'].map((path) => get(path)))
    const texts = await Promise.all(pages.map((page) => page.text()))
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toContain('<div id="app">')
  })

  it('admits only files of this server, nothing inline, and no frames', async () => {
    const { headers } = await get('/ui/jobs')
    const policy = headers.get('content-security-policy') ?? ''
    const sources = policy.split('; ').map((directive) => directive.split(' ').slice(1).join(' '))
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /)
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'")
    expect(new Set(sources)).toEqual(new Set(["'none'", "'self'", "'script'"]))
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
    })
    const page = await (await get('/ui/')).text()
    expect(page).not.toMatch(/<style|<script(?![^>]* src=)|style=|javascript:/)
  })

  it('sends hashed files that browsers keep, compressed as the build left them', async () => {
    const paths = await assetPaths()
    // The page names its script, the chunks that the script imports, and its styles.
    expect(new Set(paths.map((path) => path.split('.').at(-1)))).toEqual(new Set(['js', 'css']))
    for (const path of paths) {
      const plain = await get(path, { 'accept-encoding': 'identity' })
      expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(plain.headers.get('content-encoding')).toBeNull()
      const text = await plain.text()
      for (const encoding of ['gzip', 'br']) {
        const compressed = await get(path, { 'accept-encoding': encoding })
        expect(compressed.headers.get('content-encoding')).toBe(encoding)
        expect(await compressed.text()).toBe(text)
      }
      expect(text).not.toBe('')
    }
  })

  it('has at most 100 kB, compressed, with all of its pages together', async () => {
    const files = (await readdir(build.folder, { recursive: true })).filter((name) => name.endsWith('.gz'))
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(build.folder, name))).size))
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    expect(bytes).toBeGreaterThan(50_000)
    expect(bytes).toBeLessThan(100_000)
    const [script = ''] = (await assetPaths()).filter((path) => path.endsWith('.js'))
    const { headers } = await get(script, { 'accept-encoding': 'gzip' }, { method: 'HEAD' })
    expect(sizes).toContain(Number(headers.get('content-length')))
  })

  it('answers that nothing has changed to a browser that has the page', async () => {
    const etag = (await get('/ui/')).headers.get('etag') ?? ''
    const again = await get('/ui/jobs', { 'if-none-match': `"other", ${etag}` })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it('answers a file that does not exist with 404, wherever the path leads', async () => {
    for (const path of ['/ui/assets/index-old.js', '/ui/..%2f..%2fpackage.json', '/ui/%2e%2e/%2e%2e/package.json'])
      expect([path, (await get(path)).status]).toEqual([path, 404])
  })

  it('shows its page to a browser at every other address, also that of a job whose id has a dot', async () => {
    for (const path of ['/ui/jobs/report.pdf', '/ui/nothing.html', '/ui/%zz']) {
      const response = await get(path, { accept: 'text/html,*/*;q=0.8' })
      expect([path, response.status, response.headers.get('content-type')]).toEqual([
        path,
        200,
        'text/html; charset=utf-8',
      ])
    }
  })

  it('supports GET and HEAD only', async () => {
    expect((await get('/ui/', {}, { method: 'HEAD' })).status).toBe(200)
    const { status, headers } = await get('/ui/', {}, { method: 'POST', body: '{}' })
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('a server', () => {
  it('with DASHBOARD=off has no dashboard and sends no browser there', async () => {
    const other = await startTestServer({ environment: { DASHBOARD: 'off' } })
    try {
      for (const path of ['/', '/ui', '/ui/', '/ui/jobs']) {
        const { status } = await fetch(other.url + path, { headers: { accept: 'text/html' }, redirect: 'manual' })
        expect([path, status]).toEqual([path, 404])
      }
    } finally {
      await other.close()
    }
  })

  it('without a build says how to make one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'jobledger-no-dashboard-'))
    const other = await startTestServer({ dashboardFolder: folder })
    try {
      const response = await fetch(`${other.url}/ui/`)
      expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('npm run build')])
    } finally {
      await other.close()
      await rm(folder, { recursive: true })
    }
  })
})
