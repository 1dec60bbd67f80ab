// A command as one line of text, for people: pasted into a shell it does the same.

/** The limit of the server for the content of a job, unless it is set lower there. */
const CONTENT_BYTES = 1024 * 1024

/** What no shell gives a meaning to; of the first word `=` would make an assignment. */
const PLAIN = /^[\w@%+=:,./-]+$/
const PLAIN_FIRST = /^[\w@%+:,./-]+$/
/** What a terminal would act on. A line break or a tab within quotes is none of these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ESCAPED = /[\x00-\x08\x0b-\x1f\x7f'\\]/g

/** The words quoted for a POSIX shell; control characters as $'\033', which is of POSIX since 2024. At most 1 MiB. */
export function commandLine(words: readonly string[]): string {
  return cutTo(CONTENT_BYTES, words.map((word, index) => quote(word, index === 0 ? PLAIN_FIRST : PLAIN)).join(' '))
}

function quote(word: string, plain: RegExp): string {
  if (plain.test(word)) return word
  if (CONTROL.test(word)) return `$'${word.replace(ESCAPED, escapeCharacter)}'`
  return `'${word.replaceAll("'", "'\\''")}'`
}

function escapeCharacter(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`
  // Octal, and always three digits: what follows may be a digit too.
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
}

function cutTo(most: number, text: string): string {
  const bytes = Buffer.byteLength(text)
  if (bytes <= most) return text
  const note = ` ... (cut: the command line is ${bytes} bytes long)`
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(most - Buffer.byteLength(note)))
  return text.slice(0, read) + note
}
