interface NewerButtonProps {
  /** Number of items that are not shown yet, counted up to `max`. */
  readonly count: number
  readonly max: number
  /** What one item is. */
  readonly noun: string
  onShow(): void
}

/** Announces new items above a list, whose rows stay where they are until it is pressed. */
export function NewerButton({ count, max, noun, onShow }: NewerButtonProps) {
  if (count === 0) return null
  return (
    <button type="button" class="newer" onClick={onShow}>
      {count === max ? `${count} or more` : count} new {count === 1 ? noun : `${noun}s`}: show
    </button>
  )
}
