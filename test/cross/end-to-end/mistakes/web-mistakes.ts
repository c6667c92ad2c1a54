import type { RequestListener } from 'node:http'
import { ecPair } from '../../../support/keys.ts'
import { clientId, type Mistake, type Planted } from './mistake.ts'
import { startWebServer } from './web-servers.ts'

const html = { 'content-type': 'text/html; charset=utf-8' }

async function plantAt(path: string, listener: RequestListener): Promise<Planted> {
  const { tokenEndpoint, tokenRequests, close } = await startWebServer(listener, path)
  const key = ecPair().privateKey
  const options = { clientId, tokenEndpoint, key }
  return { options, tokenRequests, [Symbol.asyncDispose]: close }
}

/** Where no token endpoint answers. */
export const webMistakes: readonly Mistake[] = [
  {
    name: 'endpoint path wrong',
    cause: /^The path \/tokn is wrong\. Check the URL of the token endpoint\.$/,
    outcome: 'refused',
    plant: () =>
      plantAt(
        '/tokn',
        (_, response) => void response.writeHead(404, html).end('<h1>Not found</h1>'),
      ),
  },
  {
    name: 'endpoint behind a login page',
    cause: /^A login page or a proxy's page answered in its place\.$/,
    outcome: 'refused',
    plant: () =>
      plantAt(
        '/token',
        (_, response) => void response.writeHead(200, html).end('<h1>Sign in</h1>'),
      ),
  },
  {
    name: 'endpoint redirecting',
    cause: /^Configure the final URL: only the slash at the end differs\.$/,
    outcome: 'refused',
    plant: () =>
      plantAt(
        '/token',
        (_, response) => void response.writeHead(301, { location: '/token/' }).end(),
      ),
  },
]
