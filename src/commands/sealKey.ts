// `jobledger seal keygen` and `jobledger seal vkey`: the key that signs checkpoints. It exists in
// one file only: not in the database, and not in the output.
import { open, readFile, rm } from 'node:fs/promises'
import { generatePrivateKey, type NoteSigner, readPrivateKey } from '../proof/noteKeys.ts'
import { isKeyName } from '../proof/noteText.ts'
import { InvalidProofError } from '../proof/proofError.ts'
import { print } from './output.ts'
import { UsageError } from './program/usageError.ts'
import { typedCommand } from './typedCommand.ts'

export interface GenerateKeyOptions {
  /** The origin of the ledger, which becomes the name of the key. */
  readonly origin: string
}

/**
 * Writes a new private key to a new file that only its owner can read, and prints the verifier key.
 *
 * @throws UsageError, OutputError
 */
export async function generateKey(file: string, { origin }: GenerateKeyOptions): Promise<void> {
  if (!isKeyName(origin)) {
    throw new UsageError(
      `--origin must not contain spaces or plus signs, such as jobs.example.com/ledger (got "${origin}").`,
    )
  }
  const key = generatePrivateKey(origin)
  await writeNewFile(file, `${key}\n`)
  console.error(
    `Wrote the private key to ${file}. Make a copy in a safe place: with another key, it is another log. ` +
      `The verifier key is public (${typedCommand('seal', 'vkey', file)} prints it again):`,
  )
  await print(readPrivateKey(key).verifierKey)
}

/** Prints the verifier key of a private key. @throws UsageError, OutputError */
export async function printVerifierKey(file: string): Promise<void> {
  await print((await signerIn(file)).verifierKey)
}

async function signerIn(file: string): Promise<NoteSigner> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`${file} could not be read: ${error.message}.`, { cause: error })
  })
  try {
    return readPrivateKey(text.trim())
  } catch (error) {
    if (!(error instanceof InvalidProofError)) throw error
    throw new UsageError(`${file} is not a key: ${error.message}`, { cause: error })
  }
}

/** Creates the file, also if a link with its name exists: it never writes elsewhere. */
async function writeNewFile(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const reason =
      error.code === 'EEXIST'
        ? `${file} exists, and is not overwritten: the key in it may be in use. Choose another file.`
        : `${file} could not be created: ${error.message}.`
    throw new UsageError(reason, { cause: error })
  })
  try {
    await handle.writeFile(text)
    await handle.sync()
  } catch (error) {
    await rm(file, { force: true })
    throw new UsageError(`${file} could not be written: ${(error as Error).message}.`, { cause: error })
  } finally {
    await handle.close()
  }
}
