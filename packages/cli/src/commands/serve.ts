import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import type { Call, CommandDefinition } from '../command.js'
import { commonOptions as options } from '../common-options.js'
import { readJwkSet } from '../jwk-set-file.js'
import type { OptionDefinition } from '../option-definition.js'
import type { Outcome } from '../outcome.js'
import { requestLog } from '../request-log.js'
import { requireSavable, saveVariables, variableLines } from '../saved-variables.js'

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
const duration: OptionDefinition = {
  name: 'for',
  value: '<seconds>',
  description: 'end by itself after this time (default: at Ctrl-C)',
}

export const serve: CommandDefinition = {
  description:
    'Runs the authorization server and the API of @countersign/testing on this machine, with one client registered, and logs a line for each request: never a token or an assertion. Everything is forgotten when it ends.',
  options: [jwks, options.clientId, lifetime, save, duration],
  examples: [
    ['countersign keygen && countersign serve --save .env', 'from no key to a server for it'],
    ['countersign serve --token-lifetime 20', 'watch renewals'],
    ['countersign serve --for 60 --json', 'for a script: a JSON document a line'],
  ],
  run,
}

async function run({ settings, say }: Call): Promise<Outcome> {
  const { keys } = await readJwkSet(settings.flag(jwks) ?? 'countersign.jwks.json', '--jwks')
  const file = settings.flag(save)
  if (file !== undefined) await requireSavable(file)
  const lifetimeSeconds = settings.whole(lifetime) ?? 600
  const seconds = settings.whole(duration)
  const clientId = settings.text(options.clientId) ?? 'client-1'

  await using authorizationServer = await createAuthorizationServer({
    lifetimeSeconds,
    format: 'jwt',
  })
  await using api = await createResourceServer(authorizationServer)
  authorizationServer.register({ clientId, jwks: { keys } })
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
  const log = requestLog(authorizationServer, api, say)
  await end
  log.stop()
  const requests = authorizationServer.requests.length
  return {
    json: { type: 'ended', tokenRequests: requests, apiRequests: api.requests.length },
    text: (paint) =>
      paint('dim', `${requests} token requests, ${api.requests.length} API requests.`),
  }
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
