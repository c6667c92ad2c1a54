import { createServer, type RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { listen } from '../../../../examples/servers/listen.ts'

export interface WebServer {
  readonly tokenEndpoint: string
  /** How many requests were sent with POST. */
  tokenRequests(): number
  close(): Promise<void>
}

/** A web server on loopback, and a token endpoint at that path of it. */
export async function startWebServer(listener: RequestListener, path: string): Promise<WebServer> {
  const server = createServer(listener)
  let seen = 0
  server.on('request', ({ method }) => {
    if (method === 'POST') seen += 1
  })
  const { origin, close } = await listen(server)
  return { tokenEndpoint: `${origin}${path}`, tokenRequests: () => seen, close }
}

/** Sends each request twice, and answers with the second answer. */
export function startDoublingProxy(target: string): Promise<WebServer> {
  return startWebServer(async (request, response) => {
    const { 'content-type': type = '' } = request.headers
    const body = (await buffer(request)).toString()
    const send = () => fetch(target, { method: 'POST', headers: { 'content-type': type }, body })
    await (await send()).arrayBuffer()
    const second = await send()
    response.writeHead(second.status, { 'content-type': 'application/json' })
    response.end(await second.text())
  }, '/token')
}
