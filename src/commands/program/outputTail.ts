// The end of what a program writes: so much is kept, whatever it writes, and told as text that the API takes.

/** So many bytes are kept of each stream. */
const TAIL_BYTES = 64 * 1024

/** Bytes that cannot begin a character of UTF-8: they continue one. */
const CONTINUATION_MASK = 0xc0
const CONTINUATION = 0x80
/** A character is at most so many bytes after its first. */
const MAX_CONTINUATION = 3

export class OutputTail {
  private readonly most: number
  private chunks: Buffer[] = []
  private bytes = 0
  private isCut = false

  constructor(most = TAIL_BYTES) {
    this.most = most
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (this.bytes > 2 * this.most) this.cut()
  }

  /**
   * What is kept, as text without NUL and without halves of characters: what is no UTF-8 becomes U+FFFD, and so does NUL, which the
   * API refuses. A character that the cut has split is left out.
   */
  text(): string {
    this.cut()
    const kept = Buffer.concat(this.chunks)
    const whole = this.isCut ? kept.subarray(firstCharacter(kept)) : kept
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole).replaceAll('\0', '\uFFFD')
  }

  private cut(): void {
    if (this.bytes <= this.most) return
    // A copy: a part of a large buffer would keep the whole of it.
    const kept = Buffer.from(Buffer.concat(this.chunks).subarray(this.bytes - this.most))
    this.chunks = [kept]
    this.bytes = kept.length
    this.isCut = true
  }
}

function firstCharacter(bytes: Buffer): number {
  const start = bytes.subarray(0, MAX_CONTINUATION).findIndex((byte) => (byte & CONTINUATION_MASK) !== CONTINUATION)
  return start < 0 ? Math.min(bytes.length, MAX_CONTINUATION) : start
}
