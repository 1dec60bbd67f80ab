// A command as one line of text that has the same effect when pasted into a shell.

/** The server's default limit for the content of a job. */
const CONTENT_BYTES = 1024 * 1024

/** Words that need no quotes. In the first word, `=` would be an assignment. */
const PLAIN = /^[\w@%+=:,./-]+$/
const PLAIN_FIRST = /^[\w@%+:,./-]+$/
/** Control characters that a terminal interprets. A newline or tab within quotes is harmless. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the patterns search for control characters
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the patterns search for control characters
const ESCAPED = /[\x00-\x08\x0b-\x1f\x7f'\\]/g

/**
 * Quotes the words for a POSIX shell, with control characters as $'\033', standard since POSIX
 * 2024. At most 1 MiB.
 */
export function commandLine(words: readonly string[]): string {
  return truncate(CONTENT_BYTES, words.map((word, index) => quote(word, index === 0 ? PLAIN_FIRST : PLAIN)).join(' '))
}

function quote(word: string, plain: RegExp): string {
  if (plain.test(word)) return word
  if (CONTROL.test(word)) return `$'${word.replace(ESCAPED, escapeCharacter)}'`
  return `'${word.replaceAll("'", "'\\''")}'`
}

function escapeCharacter(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`
  // Always three octal digits, because the next character may be a digit.
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
}

function truncate(maxBytes: number, text: string): string {
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return text
  const note = ` ... (cut: the command line is ${bytes} bytes long)`
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - Buffer.byteLength(note)))
  return text.slice(0, read) + note
}
