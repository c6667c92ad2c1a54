import { createPrivateKey, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Jwk } from '@countersign/core'
import {
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
  type ResourceRequestRecord,
  type ScriptedAnswer,
} from '@countersign/testing'
import { listen } from '../../../../examples/servers/listen.ts'
import { until } from '../../../support/waiting.ts'
import { type Container, passphrase } from './containers.ts'

export type Time = 'by hand' | 'wall'

/** The servers of one case. */
export interface Opened {
  readonly id: number
  readonly time: Time
  readonly tokenEndpoint: string
  readonly api: string
  /** An origin that is not listed. */
  readonly elsewhere: string
  /** Epoch milliseconds on the clock of the authorization server. */
  readonly now: number
}

type Servers = Awaited<ReturnType<typeof startServers>>

/** The commands that a runtime sends to its servers. */
export type ServerCommands = Servers['commands']

const exporters: Readonly<Record<Container, (key: KeyObject) => string | Buffer>> = {
  'PKCS#1': (key) => key.export({ type: 'pkcs1', format: 'pem' }),
  SEC1: (key) => key.export({ type: 'sec1', format: 'pem' }),
  'encrypted PKCS#8': (key) =>
    key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }),
}

async function startServers(id: number, time: Time) {
  const clock = time === 'by hand' ? createManualClock() : undefined
  const authorizationServer = await createAuthorizationServer(clock ? { clock } : {})
  const api = await createResourceServer(authorizationServer)
  const elsewhere = await createResourceServer(authorizationServer)
  const servers = { authorizationServer, api, elsewhere }
  const { tokenEndpoint } = authorizationServer
  const now = clock?.now() ?? Date.now()
  let release = () => {}
  let isOpen = true
  const opened: Opened = {
    ...{ id, time, tokenEndpoint, now, api: api.origin, elsewhere: elsewhere.origin },
  }
  const commands = {
    register: (jwk: Jwk) =>
      authorizationServer.register({ clientId: 'client', jwks: { keys: [jwk] } }),
    /** Scripts the next answers of one server. */
    next: (server: keyof typeof servers, ...answers: ScriptedAnswer[]) =>
      servers[server].next(...answers),
    /** Holds token responses until `release`. */
    hold() {
      release = authorizationServer.hold()
    },
    release: () => release(),
    /** Resolves when that many token requests have arrived. */
    arrived: (count: number) =>
      until(() => !isOpen || authorizationServer.requests.length >= count),
    revokeAll: () => authorizationServer.revokeAll(),
    /** Converts a PKCS#8 PEM, which not every runtime can do. */
    convert: (pem: string, container: Container) =>
      exporters[container](createPrivateKey(pem)).toString(),
    advance: (ms: number) => clock?.advance(ms),
    seen: () => ({
      tokenRequests: authorizationServer.requests.map(({ header, status, refusal }) => {
        const { alg, kid } = header as { alg?: unknown; kid?: unknown }
        return { alg, kid, status, refusal }
      }),
      issued: authorizationServer.issued,
      api: api.requests.map(describe),
      elsewhere: elsewhere.requests.map(describe),
    }),
    async close() {
      isOpen = false
      await Promise.all(Object.values(servers).map((server) => server.close()))
    },
  }
  return { opened, commands }
}

function describe({ method, url, authorization, body, status }: ResourceRequestRecord) {
  return { method, url, authorization, body: Buffer.from(body).toString(), status }
}

interface Message {
  readonly name: 'open' | keyof ServerCommands
  readonly id?: number
  readonly input: readonly unknown[]
}

/** Opens servers for programs in other runtimes, and runs their commands. */
export async function openStage(): Promise<AsyncDisposable & { readonly url: string }> {
  const open = new Map<number, Servers>()
  let count = 0
  const run = async ({ name, id = 0, input }: Message): Promise<unknown> => {
    if (name === 'open') {
      const servers = await startServers(++count, input[0] as Time)
      open.set(servers.opened.id, servers)
      return servers.opened
    }
    const command = open.get(id)?.commands[name] as ((...given: unknown[]) => unknown) | undefined
    if (command === undefined) throw new Error(`there is no ${name} of ${id}`)
    if (name === 'close') open.delete(id)
    return command(...input)
  }
  const answer = async (request: IncomingMessage) =>
    JSON.stringify({ value: await run(JSON.parse(await text(request))) })
  const server = createServer((request, response) => {
    answer(request).then(
      (body) => response.setHeader('content-type', 'application/json').end(body),
      (error) => response.writeHead(500).end(String(error)),
    )
  })
  const { origin, close } = await listen(server)
  return {
    url: `${origin}/`,
    async [Symbol.asyncDispose]() {
      await Promise.all([...open.values()].map(({ commands }) => commands.close()))
      await close()
    },
  }
}
