import { mustSignIn, session, signOut } from '../api/session.ts'
import { LIST_URL } from '../paths.ts'
import { address } from '../router.ts'
import { FindJob } from './findJob.tsx'
import { pageUrl, visiblePages } from './pages.ts'
import { chooseNextTheme, theme } from './theme.ts'
import { viewer } from './viewer.ts'

export function Header({ onShowShortcuts }: { onShowShortcuts(): void }) {
  const section = address.value.path.split('/')[1]
  const who = viewer.value
  const isOpen = session.value !== undefined && !mustSignIn()
  return (
    <header class="header">
      <a class="brand" href={LIST_URL}>
        <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
          <rect width="32" height="32" rx="7" class="brand-tile" />
          <path d="M9 9.5h14M9 16h14M9 22.5h8" class="brand-lines" />
          <circle cx="22.5" cy="22.5" r="2.2" class="brand-dot" />
        </svg>
        <span>Jobledger</span>
      </a>
      {isOpen && (
        <nav class="main-nav" aria-label="Pages">
          {visiblePages().map((page) => (
            <a key={page.section} href={pageUrl(page)} aria-current={page.section === section ? 'page' : undefined}>
              {page.title}
            </a>
          ))}
        </nav>
      )}
      {isOpen && <FindJob />}
      <div class="header-end">
        {who && (
          <span class="viewer" title={`Roles: ${who.roles.join(', ') || 'none'}`}>
            {who.actor}
          </span>
        )}
        {isOpen && session.value?.isRequired && (
          <button type="button" class="button" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
        <button type="button" class="icon-button" onClick={chooseNextTheme} title="Change between light and dark (t)">
          <span aria-hidden="true">{{ system: '◐', light: '○', dark: '●' }[theme.value]}</span>
          <span class="visually-hidden">Theme: {theme.value}</span>
        </button>
        <button type="button" class="icon-button" aria-label="Keys" title="Keys (?)" onClick={onShowShortcuts}>
          ?
        </button>
      </div>
    </header>
  )
}
