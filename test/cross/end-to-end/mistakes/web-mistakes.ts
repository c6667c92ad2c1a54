import { createServer, type RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { listen } from '../../../../examples/servers/listen.ts'
import { clientKey } from '../../../support/keys.ts'
import { clientId, type Mistake, type Planted } from './mistake.ts'

/** Starts a web server on loopback with a token endpoint at that path. */
async function startWebServer(listener: RequestListener, path: string) {
  let posts = 0
  const server = createServer((request, response) => {
    if (request.method === 'POST') posts += 1
    listener(request, response)
  })
  const { origin, close } = await listen(server)
  return { tokenEndpoint: `${origin}${path}`, tokenRequests: () => posts, close }
}

/** Sends each request twice, and returns the second response. */
export function startDoublingProxy(target: string) {
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

async function plantAt(
  path: string,
  [status, headers, body]: [status: number, headers: Record<string, string>, body?: string],
): Promise<Planted> {
  const { tokenEndpoint, tokenRequests, close } = await startWebServer(
    (_, response) => void response.writeHead(status, headers).end(body),
    path,
  )
  const options = { clientId, tokenEndpoint, key: clientKey.privateKey }
  return { options, tokenRequests, [Symbol.asyncDispose]: close }
}

const html = { 'content-type': 'text/html; charset=utf-8' }

/** Servers that are not a token endpoint. */
export const webMistakes: readonly Mistake[] = [
  {
    name: 'endpoint path wrong',
    cause: /^The path \/tokn is not a token endpoint: check the option 'tokenEndpoint'\.$/,
    plant: () => plantAt('/tokn', [404, html, '<h1>Not found</h1>']),
  },
  {
    name: 'endpoint behind a login page',
    cause: /^A login page or a proxy probably answered: check the URL and the proxy\.$/,
    plant: () => plantAt('/token', [200, html, '<h1>Sign in</h1>']),
  },
  {
    name: 'endpoint redirecting',
    cause: /^Set the option 'tokenEndpoint' to the final URL\.$/,
    plant: () => plantAt('/token', [301, { location: '/token/' }]),
  },
]
