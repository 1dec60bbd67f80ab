import { actorUrl } from '../paths.ts'

/** The name of an actor, as a link to what it did. */
export function ActorLink({ name }: { readonly name: string }) {
  return (
    <a class="actor" href={actorUrl(name)}>
      {name}
    </a>
  )
}
