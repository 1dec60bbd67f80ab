import { useEffect, useRef, useState } from 'preact/hooks'
import { ViewerDocument } from '../api/documents.generated.ts'
import { request } from '../api/request.ts'
import { endReason, startSession } from '../api/session.ts'

/** Asks for the credential of the session. The API checks it first, as it does for any request. */
export function SignInPage() {
  const [fault, setFault] = useState<string | undefined>(undefined)
  const [isBusy, setIsBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.title = 'Sign in · Jobledger'
    input.current?.focus()
  }, [])
  const signIn = async (credential: string): Promise<void> => {
    setIsBusy(true)
    const refusal = await signInWith(credential)
    setIsBusy(false)
    setFault(refusal)
  }
  return (
    <div class="sign-in">
      <h1>Sign in to Jobledger</h1>
      {endReason.value !== undefined && (
        <p class="notice" role="status">
          Your session has ended: {endReason.value}
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const credential = input.current?.value.trim() ?? ''
          if (credential === '') setFault('Enter a token or an API key.')
          else void signIn(credential)
        }}
      >
        <label class="field" for="credential">
          <span>Token or API key</span>
        </label>
        <input
          ref={input}
          id="credential"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          aria-invalid={fault !== undefined}
          aria-describedby="credential-fault"
        />
        <p id="credential-fault" class="fault" role="alert">
          {fault}
        </p>
        <button type="submit" class="button button-primary" disabled={isBusy}>
          Sign in
        </button>
      </form>
      <p class="muted">
        An operator creates a key with <code>jobledger api-key create</code>. You see and do what its roles allow. The
        session ends after 12 hours, when you sign out, or when the key is revoked.
      </p>
    </div>
  )
}

/** Resolves to the reason of a refusal; undefined when signed in. */
async function signInWith(credential: string): Promise<string | undefined> {
  try {
    await request(ViewerDocument, {}, { authorization: `Bearer ${credential}` })
    return await startSession(credential)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
