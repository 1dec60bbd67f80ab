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
  /** The text of the button. */
  readonly action?: string
  onRetry?(): void
  /** Where to go instead. */
  readonly links?: readonly NoticeLink[]
}

export interface NoticeLink {
  readonly label: string
  readonly href: string
}

export function ErrorNotice({ message, action = 'Try again', onRetry, links = [] }: ErrorNoticeProps) {
  return (
    <div class="notice notice-error" role="alert">
      <p>{message}</p>
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {action}
        </button>
      )}
      {links.map(({ label, href }) => (
        <a key={href} class="button" href={href}>
          {label}
        </a>
      ))}
    </div>
  )
}
