interface ErrorNoticeProps {
  readonly message: string
  onRetry?(): void
}

export function ErrorNotice({ message, onRetry }: ErrorNoticeProps) {
  return (
    <div class="notice notice-error" role="alert">
      <p>{message}</p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
