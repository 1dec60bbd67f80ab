// Keeps the last bytes of a program's output, and converts them to text that the API accepts.

/** Bytes kept of each stream. */
const TAIL_BYTES = 64 * 1024

/** Continuation bytes of UTF-8 characters. */
const CONTINUATION_MASK = 0xc0
const CONTINUATION = 0x80
/** Maximum number of continuation bytes in a character. */
const MAX_CONTINUATION = 3

export class OutputTail {
  private readonly maxBytes: number
  private chunks: Buffer[] = []
  private bytes = 0
  private isTruncated = false

  constructor(maxBytes = TAIL_BYTES) {
    this.maxBytes = maxBytes
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (this.bytes > 2 * this.maxBytes) this.truncate()
  }

  /**
   * The kept bytes as text. Invalid UTF-8 and NUL, which the API refuses, become U+FFFD. A
   * character that was split by truncation is left out.
   */
  text(): string {
    this.truncate()
    const kept = Buffer.concat(this.chunks)
    const whole = this.isTruncated ? kept.subarray(firstCharacter(kept)) : kept
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole).replaceAll('\0', '\uFFFD')
  }

  private truncate(): void {
    if (this.bytes <= this.maxBytes) return
    // Copied, because a slice would keep the whole buffer in memory.
    const kept = Buffer.from(Buffer.concat(this.chunks).subarray(this.bytes - this.maxBytes))
    this.chunks = [kept]
    this.bytes = kept.length
    this.isTruncated = true
  }
}

function firstCharacter(bytes: Buffer): number {
  const start = bytes.subarray(0, MAX_CONTINUATION).findIndex((byte) => (byte & CONTINUATION_MASK) !== CONTINUATION)
  return start < 0 ? Math.min(bytes.length, MAX_CONTINUATION) : start
}
