import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AnsweredRequest,
  createAuthorizationServer,
  createResourceServer,
} from '@countersign/testing'
import type { Call, Command, Outcome, Output } from '../command.js'
import { CommandFailure, createUsageFailure } from '../command-failure.js'
import { formatVariables, saveVariables } from '../env-file.js'
import { type JwkSet, listKids, parseJwkSet, readJwkSet } from '../jwk-set.js'
import { Option, options } from '../options.js'

const jwks = new Option(
  '--jwks <file>',
  "the client's public JWK Set (default: countersign.jwks.json, as keygen writes it)",
)
const save = new Option(
  '--save <file>',
  'also write the variables to a file, such as .env: a new one, or that of a previous run',
)
const lifetime = new Option(
  '--token-lifetime <seconds>',
  'lifetime of the access tokens (default: 600)',
)
// Not SCOPE of the environment, which is what a program requests.
const granted = new Option('--scope <scope>', 'scope tokens to grant (default: any)')
const duration = new Option('--for <seconds>', 'stop after this time (default: at Ctrl-C)')

export const command: Command = {
  description:
    'Runs the authorization server and the API of @countersign/testing on this machine, with one registered client. Logs each request, never a token or an assertion. Keeps nothing when it stops.',
  json: 'print one JSON document per line',
  options: [jwks, options.clientId, granted, lifetime, save, duration],
  examples: [
    ['create a key and a server for it', 'countersign keygen && countersign serve --save .env'],
    ['watch renewals', 'countersign serve --token-lifetime 20'],
    ['for a script', 'countersign serve --for 60 --json'],
  ],
  run,
}

async function run({ settings, output }: Call): Promise<Outcome> {
  const path = settings.readFlag(jwks) ?? 'countersign.jwks.json'
  const set = await readJwkSet(path, '--jwks')
  const clientId = settings.readText(options.clientId) ?? 'client-1'
  if (!/^[\x21-\x7e]{1,1024}$/.test(clientId))
    throw createUsageFailure(
      '--client-id (CLIENT_ID) must be 1 to 1,024 printable ASCII characters without spaces.',
      'ERR_INVALID_CLIENT_ID',
    )
  const lifetimeSeconds = settings.readSeconds(lifetime, [1, 86_400]) ?? 600
  const seconds = settings.readSeconds(duration, [0, 86_400])
  const scope = settings.readFlag(granted)
  const register = ({ keys }: JwkSet) =>
    authorizationServer.register({ clientId, jwks: { keys }, ...(scope && { scope }) })
  await using authorizationServer = await createAuthorizationServer({
    lifetimeSeconds,
    format: 'jwt',
    onRequest: followSet(path, { register, output }),
    onAnswered: ({ tokenRequest, ...request }) => {
      if (tokenRequest === undefined)
        return logRequest(output, { request, type: 'other-request', reason: 'not a token request' })
      const { clientId, refusal } = tokenRequest
      const reason = refusal ?? `a token for ${clientId}`
      logRequest(output, { request, type: 'token-request', reason, json: { clientId, refusal } })
    },
  })
  await using api = await createResourceServer(authorizationServer, {
    onAnswered: (request) => logRequest(output, { request, type: 'api-request' }),
  })
  register(set)
  const variables = {
    CLIENT_ID: clientId,
    TOKEN_ENDPOINT: authorizationServer.tokenEndpoint,
    API_ORIGIN: api.origin,
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
  const line = [status, method, path, reason].filter((part) => part !== undefined).join(' ')
  output.log({ type, status, ...(json ?? { method, path }) }, [line])
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
