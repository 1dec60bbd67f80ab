// Serves the files of the dashboard, as `npm run build` left them in dist/dashboard. They are the
// same for every visitor and hold no data, so they need no credential; the page reads the API as
// any other client does.
import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import Negotiator from 'negotiator'
import { PACKAGE_ROOT } from '../../database/packageRoot.ts'
import { type Asset, ENCODINGS, loadAssets } from './assets.ts'
import { answerSession, type SessionEndpointOptions } from './sessionEndpoint.ts'

/** The path below which the dashboard is. */
export const DASHBOARD_PATH = '/ui/'

const SESSION_PATH = `${DASHBOARD_PATH}session`

const DASHBOARD_FOLDER = join(PACKAGE_ROOT, 'dist', 'dashboard')
const PAGE = 'index.html'
/** Vite writes the hash of the content into the names below it. */
const HASHED = 'assets/'

// Nothing but files of this server, no inline script or style, and no markup from text.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

export interface Dashboard {
  /** Whether the dashboard answers the request. */
  owns(request: IncomingMessage): boolean
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Adds the credential of a visitor's session to a request to the API. */
  authorize(request: IncomingMessage): Promise<void>
}

export interface DashboardOptions extends SessionEndpointOptions {
  /** A build, which is read once, now. */
  readonly folder?: string | undefined
}

export function createDashboard({ folder = DASHBOARD_FOLDER, ...options }: DashboardOptions): Dashboard {
  const assets = existsSync(join(folder, PAGE)) ? loadAssets(folder) : undefined
  return {
    owns: (request) => pathOf(request).startsWith(DASHBOARD_PATH) || isEntry(request),
    async answer(request, response) {
      if (isEntry(request)) response.writeHead(302, { location: DASHBOARD_PATH, vary: 'accept' }).end()
      else if (pathOf(request) === SESSION_PATH) await answerSession(request, response, options)
      else serve(request, response, assets)
    },
    authorize: async (request) => options.sessions?.authorize(request),
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

/**
 * A person has typed the address of the server, or that of the dashboard without its last slash.
 */
function isEntry(request: IncomingMessage): boolean {
  const path = pathOf(request)
  return path === DASHBOARD_PATH.slice(0, -1) || (path === '/' && wantsPage(request))
}

function wantsPage({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && /\btext\/html\b/.test(headers.accept ?? '')
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  assets: ReadonlyMap<string, Asset> | undefined,
): void {
  const path = pathOf(request).slice(DASHBOARD_PATH.length)
  // The script of index.html shows the page of every other path, also that no page exists.
  const isPage = extname(path) === '' || (wantsPage(request) && !assets?.has(path))
  const name = isPage ? PAGE : path
  const asset = assets?.get(name)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    sendText(response, 405, `${DASHBOARD_PATH} supports GET and HEAD.`)
  } else if (assets === undefined) sendText(response, 503, NOT_BUILT)
  else if (asset === undefined) sendText(response, 404, 'This file does not exist. Reload the page.')
  else sendAsset(request, response, { asset, isHashed: name.startsWith(HASHED) })
}

const NOT_BUILT = 'The dashboard is not built. Run "npm run build", and restart the server.'

function sendAsset(
  request: IncomingMessage,
  response: ServerResponse,
  { asset, isHashed }: { asset: Asset; isHashed: boolean },
): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
  response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  response.setHeader('vary', 'accept-encoding')
  response.setHeader('etag', asset.etag)
  if (request.headers['if-none-match']?.split(/,\s*/).includes(asset.etag)) {
    response.writeHead(304).end()
    return
  }
  const accepted = new Negotiator(request).encodings([...ENCODINGS, 'identity'])
  const encoding = ENCODINGS.find((candidate) => accepted.includes(candidate) && asset[candidate] !== undefined)
  const content = (encoding && asset[encoding]) ?? asset.plain
  if (encoding !== undefined) response.setHeader('content-encoding', encoding)
  response.writeHead(200, { 'content-type': asset.type, 'content-length': content.length })
  response.end(request.method === 'HEAD' ? undefined : content)
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${text}\n`)
}
