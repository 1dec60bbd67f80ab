// The location of the package, whether this code runs from src or from dist.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that contains package.json and prisma/. */
export const PACKAGE_ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)))

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
  return version
}

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'prisma', 'schema.prisma'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('The folder prisma/ of this package is missing.')
  return rootAbove(parent)
}
