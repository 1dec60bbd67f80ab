// The pages of the navigation, in its order.
import { BASE } from '../paths.ts'

export interface NavigationPage {
  /** The first segment of its path below /ui. */
  readonly section: string
  readonly title: string
  /** The key that opens it. */
  readonly key: string
}

export const NAVIGATION: readonly NavigationPage[] = [
  { section: 'jobs', title: 'Jobs', key: 'h' },
  { section: 'statistics', title: 'Statistics', key: 's' },
]

export const pageUrl = ({ section }: NavigationPage): string => `${BASE}/${section}`
