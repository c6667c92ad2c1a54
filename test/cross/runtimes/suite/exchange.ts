import type { Case } from './case.ts'
import { same } from './expectations.ts'
import { hosts, type SendingHost, unredirected } from './hosts.ts'
import { registeredProvider } from './provider.ts'
import type { World } from './world.ts'

const text = 'amount=1'

/** Bodies that can be sent again, each anew. */
const bodies: Readonly<Record<string, () => NonNullable<RequestInit['body']>>> = {
  text: () => text,
  URLSearchParams: () => new URLSearchParams(text),
  bytes: () => new TextEncoder().encode(text),
  'an ArrayBuffer': () => new TextEncoder().encode(text).buffer,
  'a Blob': () => new Blob([text]),
}

const replays = hosts.flatMap((host) =>
  Object.entries(bodies).map(
    ([form, body]): Case => ({
      name: `${host.name}: replaces a refused token and sends the request again, body ${form}`,
      run: async (world) => {
        const send = await revoked(world, host)
        const { url, init } = post(world, body())
        same((await send(url, init)).status, 200, 'the status')
        same(await attempts(world), [`POST 401 ${text}`, `POST 200 ${text}`], 'attempts')
        await twoTokens(world)
      },
    }),
  ),
)

const singles = hosts.flatMap((host): readonly Case[] => [
  {
    name: `${host.name}: sends a FormData again`,
    run: async (world) => {
      const send = await revoked(world, host)
      const body = new FormData()
      body.set('amount', '1')
      const { url, init } = post(world, body)
      same((await send(url, init)).status, 200, 'the status')
      const { api } = await world.seen()
      const fields = api.slice(1).map((request) => /name="amount"\r\n\r\n1\r\n/.test(request.body))
      same(fields, [true, true], 'the field in each attempt')
    },
  },
  {
    name: `${host.name}: sends a Request again from a copy of its body`,
    run: async (world) => {
      const send = await revoked(world, host)
      const { url, init } = post(world, text)
      const request = new Request(url, init)
      same((await send(request)).status, 200, 'the status')
      same(await attempts(world), [`POST 401 ${text}`, `POST 200 ${text}`], 'attempts')
    },
  },
  {
    name: `${host.name}: does not send a stream again, hands back the 401 and renews for the next`,
    run: async (world) => {
      const send = await revoked(world, host)
      const { url, init } = post(world, stream())
      const response = await send(url, { ...init, duplex: 'half' })
      same(response.status, 401, 'the status')
      same((await send(url, unredirected)).status, 200, 'the status of the next request')
      same(await attempts(world), [`POST 401 ${text}`, 'GET 200 '], 'attempts')
      await twoTokens(world)
    },
  },
  {
    name: `${host.name}: replaces a token refused to many requests once`,
    run: async (world) => {
      const send = await revoked(world, host)
      const sent = Array.from({ length: 20 }, () => send(`${world.api}/many`, unredirected))
      const statuses = (await Promise.all(sent)).map(({ status }) => status)
      same([...new Set(statuses)], [200], 'statuses')
      await twoTokens(world)
    },
  },
  {
    name: `${host.name}: hands back a 401 that says nothing about the token`,
    run: async (world) => {
      const send = await revoked(world, host)
      const answers = [{ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }]
      await world.ask('next', { server: 'api', answers })
      same((await send(`${world.api}/basic`, unredirected)).status, 401, 'the status')
      same((await world.seen()).issued, 1, 'tokens issued')
    },
  },
])

export const exchange: readonly Case[] = [...replays, ...singles]

/** A host whose token was good for one request and is refused from now on. */
async function revoked(world: World, host: SendingHost) {
  const send = host.send(await registeredProvider(world), world)
  same((await send(`${world.api}/first`, unredirected)).status, 200, 'the first status')
  await world.ask('revokeAll')
  return send
}

function post(world: World, body: NonNullable<RequestInit['body']>) {
  return { url: `${world.api}/orders`, init: { method: 'POST', body, ...unredirected } }
}

function stream(): ReadableStream {
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    },
  })
}

/** Method, status and body of the requests after the first. */
async function attempts(world: World): Promise<readonly string[]> {
  const { api } = await world.seen()
  return api.slice(1).map(({ method, status, body }) => `${method} ${status} ${body}`)
}

async function twoTokens(world: World): Promise<void> {
  const { issued, api } = await world.seen()
  const used = new Set(api.map(({ authorization }) => authorization))
  same([issued, used.size], [2, 2], 'tokens issued and used')
}
