// Sends one request on both paths through the server: the fast path of src/http/jsonPost.ts, and
// the standard path through the objects of the Fetch standard.
import { expect } from 'vitest'
import { type RawAnswer, RawConnection } from '../support/rawHttp.ts'
import type { TestServer } from '../support/server.ts'
import type { ParityRequest } from './jsonPostRequests.ts'

/** The content type of requests that take the fast path. */
export const FAST = 'application/json'
/** Has the same meaning, and takes the standard path. */
export const STANDARD = 'application/graphql+json'

/** The responses, without parts that differ between requests. */
export async function responsesTo(
  server: TestServer,
  type: string,
  { until, ...request }: ParityRequest,
): Promise<RawAnswer[]> {
  const connection = await RawConnection.open(server.url)
  connection.send({ ...request, headers: [['content-type', type], ...(request.headers ?? [])] })
  const responses: RawAnswer[] = []
  do responses.push(await connection.answer(until))
  while (responses.at(-1)?.status.includes(' 100 '))
  connection.cut()
  return responses.map(comparable)
}

export function comparable({ status, headers, body }: RawAnswer): RawAnswer {
  return {
    status,
    headers: headers
      .filter((line) => !/^date:/i.test(line))
      .map((line) => (/^ratelimit:/i.test(line) ? 'ratelimit' : withoutIds(line))),
    // The number of pings on an idle stream depends on time.
    body: withoutIds(body).replaceAll(/(:\n\n)+/g, ':\n\n'),
  }
}

export function withoutIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id')
}

/** Asserts that both paths give the same response, and returns it. */
export async function sameResponse(server: TestServer, request: ParityRequest): Promise<RawAnswer> {
  const [fast, standard] = [await responsesTo(server, FAST, request), await responsesTo(server, STANDARD, request)]
  expect(fast).toEqual(standard)
  return fast.at(-1) as RawAnswer
}
