import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import type { Call, CommandDefinition } from '../command.js'
import { misused } from '../command-failure.js'
import { commonOptions as options } from '../common-options.js'
import { followSet } from '../followed-set.js'
import { type JwkSet, shownKid } from '../jwk-set.js'
import { readJwkSet } from '../jwk-set-file.js'
import type { OptionDefinition } from '../option-definition.js'
import type { Outcome } from '../outcome.js'
import { logApiRequest, logTokenServerRequest } from '../request-log.js'
import { requireSavable, saveVariables, variableLines } from '../saved-variables.js'
import type { Settings } from '../settings.js'
import { shownPath } from '../text-file.js'

const jwks: OptionDefinition = {
  name: 'jwks',
  value: '<file>',
  description: "the client's public JWK Set (default: countersign.jwks.json, as keygen writes it)",
}
const save: OptionDefinition = {
  name: 'save',
  value: '<file>',
  description:
    'also write the variables into a file, such as .env: a new one, or that of the run before',
}
const lifetime: OptionDefinition = {
  name: 'token-lifetime',
  value: '<seconds>',
  description: 'lifetime of the access tokens (default: 600)',
}
// Not SCOPE of the environment: that is what a program asks for.
const granted: OptionDefinition = {
  name: 'scope',
  value: '<scope>',
  description: 'scope tokens that it grants, separated by blanks (default: any)',
}
const duration: OptionDefinition = {
  name: 'for',
  value: '<seconds>',
  description: 'end by itself after this time (default: at Ctrl-C)',
}

export const serve: CommandDefinition = {
  description:
    'Runs the authorization server and the API of @countersign/testing on this machine, with one client registered, and logs a line for each request: never a token or an assertion. Everything is forgotten when it ends.',
  json: 'print one JSON document per line',
  options: [jwks, options.clientId, granted, lifetime, save, duration],
  examples: [
    ['countersign keygen && countersign serve --save .env', 'from no key to a server for it'],
    ['countersign serve --token-lifetime 20', 'watch renewals'],
    ['countersign serve --for 60 --json', 'for a script: a JSON document a line'],
  ],
  run,
}

async function run({ settings, say }: Call): Promise<Outcome> {
  const path = settings.flag(jwks) ?? 'countersign.jwks.json'
  const set = await readJwkSet(path, '--jwks')
  const file = settings.flag(save)
  if (file !== undefined) await requireSavable(file)
  const { clientId, lifetimeSeconds, scope } = registration(settings)
  const seconds = settings.whole(duration)

  const register = ({ keys }: JwkSet) =>
    authorizationServer.register({ clientId, jwks: { keys }, ...(scope && { scope }) })
  await using authorizationServer = await createAuthorizationServer({
    lifetimeSeconds,
    format: 'jwt',
    onRequest: followedSet(path, { register, say }),
    onAnswered: (answered) => logTokenServerRequest(answered, say),
  })
  await using api = await createResourceServer(authorizationServer, {
    onAnswered: (answered) => logApiRequest(answered, say),
  })
  register(set)
  const variables = {
    CLIENT_ID: clientId,
    TOKEN_ENDPOINT: authorizationServer.tokenEndpoint,
    API_ORIGIN: api.origin,
  }
  if (file !== undefined) await saveVariables(file, variables)
  // From before the first word on: whoever reads it may end this at once.
  const end = ended(seconds)
  say({ type: 'ready', variables }, (paint) =>
    [
      paint('green', 'Running until Ctrl-C. For the environment of the program:'),
      ...variableLines(variables),
      ...(file === undefined ? [] : [paint('dim', `They are in ${file}, too.`)]),
      '',
    ].join('\n'),
  )
  await end
  const requests = authorizationServer.requests.length
  return {
    json: { type: 'ended', tokenRequests: requests, apiRequests: api.requests.length },
    text: (paint) =>
      paint('dim', `${requests} token requests, ${api.requests.length} API requests.`),
  }
}

/** What the server is told of the client. */
function registration(settings: Settings) {
  const clientId = settings.text(options.clientId) ?? 'client-1'
  if (!/^[\x21-\x7e]{1,1024}$/.test(clientId)) {
    throw misused(
      '--client-id (CLIENT_ID) must be 1 to 1,024 printable ASCII characters, without a space at either end.',
      'ERR_INVALID_CLIENT_ID',
    )
  }
  const lifetimeSeconds = settings.whole(lifetime) ?? 600
  if (lifetimeSeconds === 0) throw misused('--token-lifetime must be 1 or more.')
  return { clientId, lifetimeSeconds, scope: settings.flag(granted) }
}

/** Returns what registers the keys again if the file has changed. */
function followedSet(
  path: string,
  { register, say }: { register: (set: JwkSet) => void } & Pick<Call, 'say'>,
): () => void {
  return followSet(path, {
    onSet: (set) => {
      register(set)
      const kids = set.keys.map(shownKid)
      say({ type: 'jwks', kids: set.keys.map(({ kid }) => kid) }, (paint) =>
        paint('dim', `${shownPath(path)} was read again: ${kids.join(', ') || 'no key'}.`),
      )
    },
    onFailure: ({ message }) =>
      say({ type: 'jwks', error: message }, (paint) => paint('yellow', message)),
  })
}

/** By Ctrl-C, by a signal of whoever started it, or when its time is over. */
async function ended(seconds: number | undefined): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const reasons = [once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal })]
  if (seconds !== undefined) reasons.push(pause(seconds * 1000, [], { signal }))
  // A pending promise keeps no process alive; the servers' sockets do.
  await Promise.race(reasons)
  over.abort()
  await Promise.allSettled(reasons)
}
