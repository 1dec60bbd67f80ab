// The files of a build in memory, each also as the build compressed it. A build that is replaced
// while the server runs cannot break it, and no path of a request reaches the file system.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'

/** Compressed forms by their name in Accept-Encoding, the smallest first. */
export const ENCODINGS = ['br', 'gzip'] as const
const EXTENSIONS = { br: '.br', gzip: '.gz' } as const

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export interface Asset {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly br?: Buffer
  readonly gzip?: Buffer
}

/** The files of `folder` by their path in it, with `/`. Files of other types are left out. */
export function loadAssets(folder: string): ReadonlyMap<string, Asset> {
  const files = new Set(readdirSync(folder, { recursive: true }) as string[])
  const assets = [...files].flatMap((file): [string, Asset][] => {
    const type = TYPES[extname(file)]
    if (type === undefined) return []
    const plain = readFileSync(join(folder, file))
    const compressed = ENCODINGS.filter((encoding) => files.has(file + EXTENSIONS[encoding])).map(
      (encoding) => [encoding, readFileSync(join(folder, file + EXTENSIONS[encoding]))] as const,
    )
    return [[file.split(sep).join('/'), { type, etag: etagOf(plain), plain, ...Object.fromEntries(compressed) }]]
  })
  return new Map(assets)
}

// Weak, because the compressed forms share it (RFC 9110, section 8.8.3.3).
function etagOf(content: Buffer): string {
  return `W/"${createHash('sha256').update(content).digest('base64url')}"`
}
