import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AnsweredRequest,
  type AnsweredTokenServerRequest,
  createAuthorizationServer,
  createResourceServer,
} from '@countersign/testing'
import type { Call, Command, Outcome, Output } from '../command.js'
import { CommandFailure, createUsageFailure } from '../command-failure.js'
import { formatVariables, saveVariables } from '../env-file.js'
import { type JwkSet, listKids, parseJwkSet, readJwkSet } from '../jwk-set.js'
import { writeKeyPair } from '../key-pair.js'
import { Option, options } from '../options.js'

const jwks = new Option(
  '--jwks <file>',
  "the client's public JWK Set (default: countersign.jwks.json, which is created if it is missing)",
)
const save = new Option(
  '--save <file>',
  'also write the variables to a file, such as .env; its other lines stay',
)
const lifetime = new Option(
  '--token-lifetime <seconds>',
  'lifetime of the access tokens (default: 600)',
)
// Not SCOPE of the environment, which is what a program requests.
const granted = new Option('--scope <scope>', 'scope tokens to grant (default: any)')
const port = new Option(
  '--port <port>',
  'port of the authorization server; the API has the next one (default: two free ports)',
)
const duration = new Option('--for <seconds>', 'stop after this time (default: at Ctrl-C)')

export const command: Command = {
  description:
    'Runs the authorization server and the API of @countersign/testing on this machine, with one registered client. Logs each request, never a token or an assertion. Keeps nothing when it stops.',
  json: 'print one JSON document per line',
  options: [jwks, port, options.clientId, granted, lifetime, save, duration],
  examples: [
    ['create a key and run a server for it', 'countersign serve --port 9000 --save .env'],
    ['watch renewals', 'countersign serve --token-lifetime 20'],
    ['for a script', 'countersign serve --for 60 --json'],
  ],
  run,
}

async function run({ settings, output }: Call): Promise<Outcome> {
  const path = settings.readFlag(jwks) ?? 'countersign.jwks.json'
  if (path === 'countersign.jwks.json' && !existsSync(path)) await createKey(output)
  const set = await readJwkSet(path, '--jwks')
  const clientId = settings.readText(options.clientId) ?? 'client-1'
  if (!/^[\x21-\x7e]{1,1024}$/.test(clientId))
    throw createUsageFailure(
      '--client-id (CLIENT_ID) must be 1 to 1,024 printable ASCII characters without spaces.',
      'ERR_INVALID_CLIENT_ID',
    )
  const day = { to: 86_400, unit: 'seconds' } as const
  const lifetimeSeconds = settings.readWholeNumber(lifetime, { from: 1, ...day }) ?? 600
  const seconds = settings.readWholeNumber(duration, { from: 0, ...day })
  const first = settings.readWholeNumber(port, { from: 1, to: 65_534 })
  const scope = settings.readFlag(granted)
  const register = ({ keys }: JwkSet) =>
    authorizationServer.register({ clientId, jwks: { keys }, ...(scope && { scope }) })
  const serverOptions = {
    port: first,
    lifetimeSeconds,
    format: 'jwt' as const,
    onRequest: followSet(path, { register, output }),
    onAnswered: ({ tokenRequest, ...request }: AnsweredTokenServerRequest) => {
      if (tokenRequest === undefined)
        return logRequest(output, { request, type: 'other-request', reason: 'not a token request' })
      const { clientId, refusal, header } = tokenRequest
      const { kid } = header as { kid?: string }
      const key = kid === undefined ? 'no kid' : `kid ${kid}`
      const reason = `${refusal ?? `a token for ${clientId}`} (${key})`
      const json = { clientId, kid, refusal }
      logRequest(output, { request, type: 'token-request', reason, json })
    },
  }
  await using authorizationServer = await listenAt(first, () =>
    createAuthorizationServer(serverOptions),
  )
  const next = first && first + 1
  await using api = await listenAt(next, () =>
    createResourceServer(authorizationServer, {
      port: next,
      onAnswered: (request) => logRequest(output, { request, type: 'api-request' }),
    }),
  )
  register(set)
  const variables = {
    CLIENT_ID: clientId,
    TOKEN_ENDPOINT: authorizationServer.tokenEndpoint,
    API_ORIGIN: api.origin,
    ...(existsSync(privateKey) &&
      path === `${prefix}.jwks.json` && { PRIVATE_KEY_FILE: privateKey }),
  }
  const file = settings.readFlag(save)
  if (file !== undefined) await saveVariables(file, variables)
  // Listens before the first line: a script may stop the command when it reads it.
  const end = waitForEnd(seconds)
  output.log({ type: 'ready', variables }, [
    '+ Running until Ctrl-C. Set these variables for your program:',
    ...formatVariables(variables),
    ...(file === undefined ? [] : [`They are in ${file}, too.`]),
    '',
  ])
  await end
  const [tokenRequests, apiRequests] = [authorizationServer, api].map((one) => one.requests.length)
  return {
    json: { type: 'ended', tokenRequests, apiRequests },
    text: [`${tokenRequests} token requests, ${apiRequests} API requests.`],
  }
}

const prefix = 'countersign'
const privateKey = `${prefix}.pem`

/** Creates what `keygen` creates. */
async function createKey(output: Output): Promise<void> {
  const { kid, files } = await writeKeyPair(prefix, {
    ...({ alg: 'ES256', bits: 2048 } as const),
    ...{ kid: undefined, passphrase: undefined },
  })
  output.log({ type: 'key', kid, files }, [
    `+ Created ${files.privateKey}, ${files.publicKey} and ${files.jwks}, as countersign keygen does.`,
  ])
}

async function listenAt<T>(port: number | undefined, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
    const message = `Port ${port} is taken. Stop the program that uses it, or pass another --port.`
    throw new CommandFailure('ERR_PORT_TAKEN', message)
  }
}

interface Logged {
  readonly request: AnsweredRequest
  readonly type: 'token-request' | 'api-request' | 'other-request'
  readonly reason?: string
  /** Replaces method and path in JSON. */
  readonly json?: object
}

function logRequest(output: Output, { request, type, reason, json }: Logged): void {
  const { status, method, url } = request
  const path = url.split('?')[0] ?? ''
  const duration = Math.round(request.duration)
  const now = new Date()
  const time = now.toTimeString().slice(0, 8)
  const parts = [time, status, method, path, reason, `in ${duration} ms`]
  const line = parts.filter((part) => part !== undefined).join(' ')
  const members = { type, time: now.toISOString(), duration, status }
  output.log({ ...members, ...(json ?? { method, path }) }, [line])
}

/** Returns a function that registers the keys of the file again if it has changed. */
function followSet(
  path: string,
  { register, output }: { register: (set: JwkSet) => void; output: Output },
): () => void {
  let last = readFileSync(path, 'utf8')
  return () => {
    try {
      const text = readFileSync(path, 'utf8')
      if (text === '' || text === last) return
      last = text
      const set = parseJwkSet(text, path)
      register(set)
      const kids = set.keys.map(({ kid }) => kid)
      output.log({ type: 'jwks', kids }, [`Read ${path} again: ${listKids(set)}.`])
    } catch (error) {
      // Any other error is about a file that is being written.
      if (!(error instanceof CommandFailure)) return
      output.log({ type: 'jwks', error: error.message }, [`! ${error.message}`])
    }
  }
}

/** Waits for Ctrl-C, SIGTERM, or the end of `--for`. */
async function waitForEnd(seconds: number | undefined): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const reasons = [once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal })]
  if (seconds !== undefined) reasons.push(pause(seconds * 1000, [], { signal }))
  // A pending promise keeps no process alive; the servers' sockets do.
  await Promise.race(reasons)
  over.abort()
  await Promise.allSettled(reasons)
}
