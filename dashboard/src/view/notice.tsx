export function Notice({ sentences }: { readonly sentences: readonly string[] }) {
  return (
    <div class="notice" role="status">
      <div>
        {sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
    </div>
  )
}

interface ErrorNoticeProps {
  readonly message: string
  /** What the button says. */
  readonly action?: string
  onRetry?(): void
}

export function ErrorNotice({ message, action = 'Try again', onRetry }: ErrorNoticeProps) {
  return (
    <div class="notice notice-error" role="alert">
      <p>{message}</p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {action}
        </button>
      )}
    </div>
  )
}
