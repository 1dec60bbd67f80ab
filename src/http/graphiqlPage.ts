// The page of GraphiQL, for people who explore the API in a browser. It needs no credential: it has
// no data, and people enter their credential there.
import type { ServerResponse } from 'node:http'
import { graphiqlHeaders, graphiqlTabs } from './graphiqlTabs.ts'

/** Sends the page. `open`: whether the server does not require credentials. */
export async function sendGraphiQL(response: ServerResponse, open: boolean): Promise<void> {
  // A page that includes its scripts. The module has nine megabytes that most processes never need,
  // so it is loaded at the first visit.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  const headers = graphiqlHeaders(open)
  const page = renderGraphiQL({
    title: 'Jobledger',
    defaultTabs: graphiqlTabs(open),
    // GraphiQL takes the headers of the first tab from `headers`, those of a new tab from
    // `defaultHeaders`, and all others from the tab itself.
    ...(headers !== undefined && { headers, defaultHeaders: headers }),
  })
  response.writeHead(200, { 'Content-Type': 'text/html', 'content-length': Buffer.byteLength(page) })
  response.end(page)
}
