import { setImmediate } from 'node:timers/promises'
import {
  createAuthorizationServer,
  createManualClock,
  createResourceServer,
  type ResourceRequestRecord,
} from '@countersign/testing'
import type { Commands, Opened, Seen, SeenRequest } from '../suite/command.ts'
import { convertedPem } from './converted-pem.ts'

/** The servers of one case, and the commands that move them. */
export interface Servers {
  readonly opened: Opened
  readonly commands: Readonly<Omit<AsyncCommands, 'open'>>
}

type AsyncCommands = {
  [Name in keyof Commands]: (
    ...input: Parameters<Commands[Name]>
  ) => ReturnType<Commands[Name]> | Promise<ReturnType<Commands[Name]>>
}

export async function startServers(id: number, time: 'by hand' | 'wall'): Promise<Servers> {
  const clock = time === 'by hand' ? createManualClock() : undefined
  const authorizationServer = await createAuthorizationServer(clock ? { clock } : {})
  const api = await createResourceServer(authorizationServer)
  const elsewhere = await createResourceServer(authorizationServer)
  const servers = { authorizationServer, api, elsewhere }
  let release = () => {}
  let isOpen = true

  const seen = (): Seen => ({
    tokenRequests: authorizationServer.requests.map(({ header, status, refusal }) => ({
      ...Object.fromEntries(Object.entries(header).filter(([name]) => /^(alg|kid)$/.test(name))),
      status,
      ...(refusal === undefined ? {} : { refusal }),
    })),
    issued: authorizationServer.issued,
    api: api.requests.map(shown),
    elsewhere: elsewhere.requests.map(shown),
  })

  const close = async () => {
    isOpen = false
    await Promise.all(Object.values(servers).map((server) => server.close()))
  }

  return {
    opened: {
      id,
      tokenEndpoint: authorizationServer.tokenEndpoint,
      api: api.origin,
      elsewhere: elsewhere.origin,
      now: clock?.now() ?? Date.now(),
    },
    commands: {
      register: ({ jwk }) =>
        authorizationServer.register({ clientId: 'client', jwks: { keys: [jwk] } }),
      next: ({ server, answers }) => servers[server].next(...answers),
      hold: () => {
        release = authorizationServer.hold()
      },
      release: () => release(),
      arrived: async ({ count }) => {
        while (isOpen && authorizationServer.requests.length < count) await setImmediate()
      },
      revokeAll: () => authorizationServer.revokeAll(),
      converted: convertedPem,
      advance: ({ ms }) => clock?.advance(ms),
      ...{ seen, close },
    },
  }
}

function shown({ method, url, authorization, body, status }: ResourceRequestRecord): SeenRequest {
  return {
    ...{ method, url, body: Buffer.from(body).toString(), status },
    ...(authorization === undefined ? {} : { authorization }),
  }
}
