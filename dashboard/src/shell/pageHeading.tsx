import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { isTyping } from '../view/keys.ts'

interface PageHeadingProps {
  readonly title: string
  readonly children?: ComponentChildren
}

/**
 * The heading of a page, its title in the browser, and where the focus goes when the page opens.
 */
export function PageHeading({ title, children }: PageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Jobledger`
  }, [title])
  useEffect(() => {
    // A page may arrive while the visitor already types into the header.
    if (!isTyping(document.activeElement)) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <div class="page-heading">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <div class="page-actions">{children}</div>
    </div>
  )
}
