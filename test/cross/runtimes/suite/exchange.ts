import { same } from './expectations.ts'
import { type Host, hosts, registeredProvider, unredirected } from './provider.ts'
import type { Cases, World } from './world.ts'

const text = 'amount=1'

/** Bodies that can be sent again. */
const bodies: Readonly<Record<string, () => NonNullable<RequestInit['body']>>> = {
  text: () => text,
  URLSearchParams: () => new URLSearchParams(text),
  bytes: () => new TextEncoder().encode(text),
  'an ArrayBuffer': () => new TextEncoder().encode(text).buffer,
  'a Blob': () => new Blob([text]),
}

export const exchange: Cases = Object.assign(
  {},
  ...hosts.flatMap((host) => [replays(host), single(host)]),
)

function replays(host: Host): Cases {
  const entries = Object.entries(bodies).map(([form, body]) => {
    const name = `${host.name}: replaces a rejected token and sends the request again, body ${form}`
    const run = async (world: World) => {
      const send = await startRevoked(world, host)
      const { url, init } = post(world, body())
      same((await send(url, init)).status, 200, 'the status')
      same(await attempts(world), [`POST 401 ${text}`, `POST 200 ${text}`], 'attempts')
      await expectTwoTokens(world)
    }
    return [name, run] as const
  })
  return Object.fromEntries(entries)
}

function single(host: Host): Cases {
  return {
    async [`${host.name}: sends a FormData again`](world) {
      const send = await startRevoked(world, host)
      const body = new FormData()
      body.set('amount', '1')
      const { url, init } = post(world, body)
      same((await send(url, init)).status, 200, 'the status')
      const { api } = await world.ask('seen')
      const fields = api.slice(1).map((request) => /name="amount"\r\n\r\n1\r\n/.test(request.body))
      same(fields, [true, true], 'the field in each attempt')
    },
    async [`${host.name}: sends a Request again from a copy of its body`](world) {
      const send = await startRevoked(world, host)
      const { url, init } = post(world, text)
      same((await send(new Request(url, init))).status, 200, 'the status')
      same(await attempts(world), [`POST 401 ${text}`, `POST 200 ${text}`], 'attempts')
    },
    async [`${host.name}: keeps the token through a custom fetch of one argument`](world) {
      const fetchOne = ((request: Request) => fetch(request)) as typeof fetch
      const send = host.create(await registeredProvider(world), world, fetchOne)
      const { url, init } = post(world, text)
      same((await send(new Request(url, init))).status, 200, 'the first status')
      await world.ask('revokeAll')
      same((await send(new Request(url, init))).status, 200, 'the status')
      const { api } = await world.ask('seen')
      const seen = api.map(({ method, status, body }) => `${method} ${status} ${body}`)
      same(seen, [`POST 200 ${text}`, `POST 401 ${text}`, `POST 200 ${text}`], 'attempts')
    },
    async [`${host.name}: returns the 401 to a stream, and renews the token for the next`](world) {
      const send = await startRevoked(world, host)
      const { url, init } = post(world, new Blob([text]).stream())
      same((await send(url, { ...init, duplex: 'half' })).status, 401, 'the status')
      same((await send(url, unredirected)).status, 200, 'the status of the next request')
      same(await attempts(world), [`POST 401 ${text}`, 'GET 200 '], 'attempts')
      await expectTwoTokens(world)
    },
    async [`${host.name}: replaces a token that many requests were rejected with once`](world) {
      const send = await startRevoked(world, host)
      const sent = Array.from({ length: 20 }, () => send(`${world.api}/many`, unredirected))
      const statuses = (await Promise.all(sent)).map(({ status }) => status)
      same([...new Set(statuses)], [200], 'statuses')
      await expectTwoTokens(world)
    },
    async [`${host.name}: returns a 401 that is not about the token`](world) {
      const send = await startRevoked(world, host)
      const headers = { 'www-authenticate': 'Basic realm="x"' }
      await world.ask('next', 'api', { status: 401, headers })
      same((await send(`${world.api}/basic`, unredirected)).status, 401, 'the status')
      same((await world.ask('seen')).issued, 1, 'tokens issued')
    },
  }
}

/** Sends a request through the host and revokes its token. */
async function startRevoked(world: World, host: Host) {
  const send = host.create(await registeredProvider(world), world)
  same((await send(`${world.api}/first`, unredirected)).status, 200, 'the first status')
  await world.ask('revokeAll')
  return send
}

function post(world: World, body: NonNullable<RequestInit['body']>) {
  return { url: `${world.api}/orders`, init: { method: 'POST', body, ...unredirected } }
}

/** Returns method, status and body of the requests after the first. */
async function attempts(world: World): Promise<readonly string[]> {
  const { api } = await world.ask('seen')
  return api.slice(1).map(({ method, status, body }) => `${method} ${status} ${body}`)
}

async function expectTwoTokens(world: World): Promise<void> {
  const { issued, api } = await world.ask('seen')
  const used = new Set(api.map(({ authorization }) => authorization))
  same([issued, used.size], [2, 2], 'tokens issued and used')
}
