import { useState } from 'preact/hooks'

interface BlockProps {
  /** What is copied, for people who cannot see it. */
  readonly label: string
  readonly text: string
}

/** A text of any length in its own lines. */
export function Block({ label, text }: BlockProps) {
  return (
    <div class="block">
      <CopyButton label={label} text={text} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>{text}</pre>
    </div>
  )
}

/**
 * Browsers let pages write to the clipboard only over https or on this machine; elsewhere it is
 * missing.
 */
export function CopyButton({ label, text }: BlockProps) {
  const [isCopied, setIsCopied] = useState(false)
  if (navigator.clipboard === undefined) return null
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setIsCopied(true)
    setTimeout(() => setIsCopied(false), SHOWN_MS)
  }
  return (
    <button
      type="button"
      class="copy-button"
      aria-label={`Copy: ${label}`}
      onClick={() => void copy().catch(() => undefined)}
    >
      {isCopied ? 'Copied' : 'Copy'}
    </button>
  )
}

const SHOWN_MS = 1500

export function Json({ label, value }: { readonly label: string; readonly value: unknown }) {
  return <Block label={label} text={JSON.stringify(value, null, 2)} />
}
