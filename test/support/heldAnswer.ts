// Holds back what the server answers to an operation of the dashboard.
import type { BrowserContext } from 'playwright-core'

export interface HeldAnswer {
  /** Resolves when the server has answered for the first time. The page does not have it yet. */
  readonly isHeld: Promise<void>
  /** Gives the page this answer, and later ones as they come. */
  release(): void
}

/** `documentId`: of the operation. */
export async function holdAnswer(context: BrowserContext, documentId: string): Promise<HeldAnswer> {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let hold = (): void => undefined
  const isHeld = new Promise<void>((resolve) => {
    hold = resolve
  })
  await context.route('**/graphql', async (route) => {
    if (route.request().postDataJSON()?.documentId !== documentId) return route.continue()
    const response = await route.fetch()
    hold()
    await released
    await route.fulfill({ response })
  })
  return { isHeld, release }
}
