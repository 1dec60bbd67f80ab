// One request on both ways through the server: the short one of src/http/jsonPost.ts, and the long one through the objects of the Fetch standard.
import { expect } from 'vitest'
import { type RawAnswer, RawConnection } from '../support/rawHttp.ts'
import type { TestServer } from '../support/server.ts'
import type { ParityRequest } from './jsonPostRequests.ts'

/** The content type of requests that go the short way. */
export const SHORT = 'application/json'
/** It means the same. */
export const LONG = 'application/graphql+json'

/** What came back, without what differs from one request to the next. */
export async function answersTo(
  server: TestServer,
  type: string,
  { until, ...request }: ParityRequest,
): Promise<RawAnswer[]> {
  const connection = await RawConnection.open(server.url)
  connection.send({ ...request, headers: [['content-type', type], ...(request.headers ?? [])] })
  const answers: RawAnswer[] = []
  do answers.push(await connection.answer(until))
  while (answers.at(-1)?.status.includes(' 100 '))
  connection.cut()
  return answers.map(comparable)
}

export function comparable({ status, headers, body }: RawAnswer): RawAnswer {
  return {
    status,
    headers: headers
      .filter((line) => !/^date:/i.test(line))
      .map((line) => (/^ratelimit:/i.test(line) ? 'ratelimit' : withoutIds(line))),
    // A stream on which nothing happens for a while has more signs of life.
    body: withoutIds(body).replaceAll(/(:\n\n)+/g, ':\n\n'),
  }
}

export function withoutIds(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id')
}

/** The answer, which was the same on both ways. */
export async function sameAnswer(server: TestServer, request: ParityRequest): Promise<RawAnswer> {
  const [short, long] = [await answersTo(server, SHORT, request), await answersTo(server, LONG, request)]
  expect(short).toEqual(long)
  return short.at(-1) as RawAnswer
}
