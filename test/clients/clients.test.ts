import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createTestClient, type TestClient } from '@countersign/testing'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { serveGrpc } from './grpc-server.ts'
import { accountService, answerAs } from './protocols.ts'

const wsdl = fileURLToPath(new URL('fixtures/accounts.wsdl', import.meta.url))
const body = { name: 'savings' }
const document = 'query { ok }'
const mutation = 'mutation { ok }'

/** Makes a read and a write with the client of a snippet. Each resolves to whether it succeeded. */
interface Calls {
  readonly read: () => Promise<unknown>
  readonly write: () => Promise<unknown>
}

/** Imports a snippet and its generated code, with the environment of this test. */
const clients: Record<string, () => Promise<Calls>> = {
  'openapi-fetch': async () => {
    const { client } = await import('./snippets/openapi-fetch.ts')
    return {
      read: async () => (await client.GET('/accounts')).data?.ok,
      write: async () => (await client.POST('/accounts', { body })).data?.ok,
    }
  },
  'hey-api-fetch': async () => {
    await import('./snippets/hey-api-fetch.ts')
    const sdk = await import('./snippets/generated/hey-fetch/index.ts')
    return {
      read: async () => (await sdk.listAccounts()).data?.ok,
      write: async () => (await sdk.createAccount({ body })).data?.ok,
    }
  },
  'hey-api-ky': async () => {
    await import('./snippets/hey-api-ky.ts')
    const sdk = await import('./snippets/generated/hey-ky/index.ts')
    return {
      read: async () => (await sdk.listAccounts()).data?.ok,
      write: async () => (await sdk.createAccount({ body })).data?.ok,
    }
  },
  'hey-api-axios': async () => {
    await import('./snippets/hey-api-axios.ts')
    const sdk = await import('./snippets/generated/hey-axios/index.ts')
    return {
      read: async () => (await sdk.listAccounts()).data?.ok,
      write: async () => (await sdk.createAccount({ body })).data?.ok,
    }
  },
  'orval-axios': async () => {
    const { accounts } = await import('./snippets/orval-axios.ts')
    return {
      read: async () => (await accounts.listAccounts()).data.ok,
      write: async () => (await accounts.createAccount(body)).data.ok,
    }
  },
  'orval-fetch': async () => {
    const sdk = await import('./snippets/generated/orval-fetch.ts')
    return {
      read: async () => (await sdk.listAccounts()).data.ok,
      write: async () => (await sdk.createAccount(body)).data.ok,
    }
  },
  'graphql-request': async () => {
    const { client } = await import('./snippets/graphql-request.ts')
    return {
      read: async () => (await client.request<{ ok: boolean }>(document)).ok,
      write: async () => (await client.request<{ ok: boolean }>(mutation)).ok,
    }
  },
  ofetch: async () => {
    const { client } = await import('./snippets/ofetch.ts')
    return {
      read: async () => (await client('/accounts')).ok,
      write: async () => (await client('/accounts', { method: 'POST', body })).ok,
    }
  },
  apollo: async () => {
    const { client } = await import('./snippets/apollo.ts')
    const { gql } = await import('@apollo/client')
    const fetchPolicy = 'no-cache'
    return {
      read: async () => (await client.query({ query: gql(document), fetchPolicy })).data,
      write: async () => (await client.mutate({ mutation: gql(mutation), fetchPolicy })).data,
    }
  },
  urql: async () => {
    const { client } = await import('./snippets/urql.ts')
    return {
      read: async () => (await client.query(document, {}, { requestPolicy: 'network-only' })).data,
      write: async () => (await client.mutation(mutation, {})).data,
    }
  },
  connect: async () => {
    const { transport } = await import('./snippets/connect.ts')
    const { createClient } = await import('@connectrpc/connect')
    const client = createClient(accountService, transport)
    return { read: () => client.list?.({}), write: () => client.create?.({}) }
  },
  mcp: async () => {
    const { client, connect } = await import('./snippets/mcp.ts')
    await connect()
    return {
      read: () => client.listTools(),
      write: () => client.callTool({ name: 'create', arguments: {} }),
    }
  },
  nestjs: async () => {
    const { app, http } = await import('./snippets/nestjs.ts')
    onTestFinished(() => app.close())
    return {
      read: async () => (await http.axiosRef.get('/accounts')).data.ok,
      write: async () => (await http.axiosRef.post('/accounts', body)).data.ok,
    }
  },
  soap: async () => {
    const { connect } = await import('./snippets/soap.ts')
    const client = await connect(wsdl)
    client.setEndpoint(`${process.env.API_ORIGIN}/soap`)
    const list = async () => (await client.ListAsync({}))[0].ok
    return { read: list, write: list }
  },
  got: async () => {
    const { client } = await import('./snippets/got.ts')
    return {
      read: async () => (await client('accounts').json<{ ok: boolean }>()).ok,
      write: async () => (await client.post('accounts', { json: body }).json<{ ok: boolean }>()).ok,
    }
  },
  undici: async () => {
    const { send } = await import('./snippets/undici.ts')
    const url = `${process.env.API_ORIGIN}/accounts`
    const readOk = async (answer: ReturnType<typeof send>) =>
      ((await (await answer).body.json()) as { ok: boolean }).ok
    return {
      read: () => readOk(send({ url })),
      write: () => readOk(send({ url, method: 'POST', body: JSON.stringify(body) })),
    }
  },
  lambda: async () => {
    const { handler } = await import('./snippets/lambda.ts')
    const readOk = async (answer: ReturnType<typeof handler>) => JSON.parse((await answer).body).ok
    return {
      read: () => readOk(handler({ method: 'GET' })),
      write: () => readOk(handler({ method: 'POST', body: 'order' })),
    }
  },
  nextjs: async () => {
    const { GET, POST } = await import('./snippets/nextjs.ts')
    const post = () => new Request('http://127.0.0.1/', { method: 'POST', body: 'order' })
    return {
      read: async () => (await (await GET()).json()).ok,
      write: async () => (await (await POST(post())).json()).ok,
    }
  },
  worker: async () => {
    const entry = fileURLToPath(new URL('snippets/worker.ts', import.meta.url))
    const { outputFiles } = await build({
      ...{ entryPoints: [entry], bundle: true, write: false, format: 'esm' },
      external: ['cloudflare:workers'],
    })
    const { CLIENT_ID, TOKEN_ENDPOINT, PRIVATE_KEY, API_ORIGIN } = process.env
    const miniflare = new Miniflare({
      ...{ modules: true, script: outputFiles[0]?.text ?? '', compatibilityDate: '2026-01-01' },
      bindings: { CLIENT_ID, TOKEN_ENDPOINT, PRIVATE_KEY, API_ORIGIN } as never,
    })
    onTestFinished(() => miniflare.dispose())
    const readOk = async (init: { method: string; body?: string }) =>
      ((await (await miniflare.dispatchFetch('http://127.0.0.1/', init)).json()) as { ok: boolean })
        .ok
    return {
      read: () => readOk({ method: 'GET' }),
      write: () => readOk({ method: 'POST', body: 'order' }),
    }
  },
}

/** Starts the servers, and sets the environment that the snippets read. */
async function startServers(name: string): Promise<TestClient> {
  const client = await createTestClient({}, {}, { answer: answerAs(name) })
  onTestFinished(() => client.close())
  for (const [variable, value] of Object.entries({ ...client.env, API_ORIGIN: client.api.origin }))
    vi.stubEnv(variable, value)
  return client
}

beforeEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

describe.each(Object.keys(clients))('%s', (name) => {
  test.each(['read', 'write'] as const)(
    'sends a %s, and again after a revocation',
    async (call) => {
      const { server, api } = await startServers(name)
      const calls = await clients[name]?.()
      // MCP asks for a stream of events with GET, at a time of its own.
      const sent = () => api.requests.filter(({ method }) => name !== 'mcp' || method === 'POST')
      const before = sent().length
      expect(await calls?.[call]()).toBeTruthy()
      server.revokeAll()
      expect(await calls?.[call]()).toBeTruthy()
      const [one, rejected, resent, ...others] = sent().slice(before)
      expect([one?.status, rejected?.status, resent?.status]).toEqual([200, 401, 200])
      expect(others).toEqual([])
      expect([rejected?.method, rejected?.body]).toEqual([resent?.method, resent?.body])
      expect(server.requests.map(({ status }) => status)).toEqual([200, 200])
    },
  )
})

test('got gives up after further rejections', async () => {
  const { server, api } = await startServers('got')
  const { client } = await import('./snippets/got.ts')
  await client('accounts')
  api.next({ status: 401 }, { status: 401 }, { status: 401 }, { status: 401 })
  const failed = client('accounts', { retry: { limit: 0 } })
  await expect(failed).rejects.toMatchObject({ code: 'ERR_NON_2XX_3XX_RESPONSE' })
  expect(server.requests.length).toBeLessThan(4)
})

test('grpc sends the token, and a rejected call is not sent again', async () => {
  const { server } = await startServers('grpc')
  const { createCredentials } = await import('./snippets/grpc.ts')
  const { tokens } = await import('./snippets/tokens.ts')
  await using grpc = await serveGrpc(server, createCredentials)
  expect(await grpc.list()).toBe('listed')
  server.revokeAll()
  await expect(grpc.list()).rejects.toMatchObject({ code: 16 })
  tokens.invalidate(await tokens.getAccessToken())
  expect(await grpc.list()).toBe('listed')
})

test('the guide has each snippet as it is run', async () => {
  const root = new URL('../../', import.meta.url)
  const page =
    (await readFile(new URL('docs/guides/clients.md', root), 'utf8')) +
    (await readFile(new URL('docs/guides/writing-an-adapter.md', root), 'utf8'))
  const files = await readdir(new URL('snippets', import.meta.url))
  const snippets = files.filter((file) => file.endsWith('.ts'))
  expect(snippets.length).toBeGreaterThan(18)
  for (const file of snippets) {
    const code = await readFile(new URL(`snippets/${file}`, import.meta.url), 'utf8')
    expect(page, file).toContain(`\`\`\`ts\n${code}\`\`\`\n`)
  }
})
