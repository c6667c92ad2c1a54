import { type AccessToken, createTokenProvider } from '@countersign/core'
import type { Call, CommandDefinition } from '../command.js'
import { misused, refused } from '../command-failure.js'
import { frameOptions, commonOptions as options } from '../common-options.js'
import { type CurlSurroundings, curlLines } from '../curl-lines.js'
import { readJwt } from '../inspect/found-jwt.js'
import type { OptionDefinition } from '../option-definition.js'
import type { Outcome } from '../outcome.js'
import { clientOptions, providerOptions } from '../provider-options.js'
import type { Settings } from '../settings.js'
import { givenFlags } from '../shell-words.js'

const show: OptionDefinition = {
  name: 'show',
  value: '<what>',
  description: 'the token (default), its claims, a header for a script, or curl lines',
  choices: ['token', 'claims', 'header', 'curl'],
}

export const token: CommandDefinition = {
  description:
    'Gets an access token by one token request (RFC 6749 section 4.4, RFC 7523) and prints it. With --show curl nothing is requested: the lines have placeholders where secrets belong.',
  options: [...clientOptions, options.scope, options.resource, show],
  examples: [
    ['countersign token --key countersign.pem', 'the token, with CLIENT_ID and so on in .env'],
    ['countersign token --show header | curl -H @- https://api.example.com/', 'call an API'],
    ['countersign token --show claims --scope "openid full"', 'what is in it'],
    ['countersign token --show curl --key countersign.pem', 'both requests, to do by hand'],
  ],
  run,
}

async function run({ settings, progress }: Call): Promise<Outcome> {
  const provider = await providerOptions(settings)
  const wanted = settings.flag(show) ?? 'token'
  if (wanted === 'curl') {
    const lines = curlLines(provider, curlSurroundings(settings))
    return { json: { curl: lines }, text: () => lines.join('\n\n') }
  }
  const asked = createTokenProvider(provider).getAccessToken()
  return shown(await progress('Asking for a token', asked), wanted)
}

function curlSurroundings(settings: Settings): CurlSurroundings {
  if (settings.flag(options.key) === '-')
    throw misused('A key from stdin cannot be in a line to copy: give its file with --key.')
  const ofBoth = [...clientOptions, frameOptions.dotenv]
  return {
    assertFlags: givenFlags(ofBoth, settings),
    tokenFlags: givenFlags([...ofBoth, options.scope, options.resource], settings),
    api: settings.variable('API_ORIGIN') ?? 'https://api.example.com/',
  }
}

function shown(got: AccessToken, wanted: string): Outcome {
  const { value, tokenType, authorization, scope, issuedAt, expiresAt } = got
  const note = `Good until ${new Date(expiresAt).toISOString()}${scope === undefined ? '' : `, for ${scope}`}. A credential while it lives.`
  if (wanted === 'header') {
    const header = `Authorization: ${authorization}`
    return { json: { header }, text: () => header, note }
  }
  if (wanted === 'token')
    return {
      json: { token: value, tokenType, scope, issuedAt, expiresAt },
      text: () => value,
      note,
    }
  const claims = claimsOf(value)
  return { json: { claims }, text: () => JSON.stringify(claims, null, 2), note }
}

function claimsOf(value: string): Readonly<Record<string, unknown>> {
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(value)) return readJwt(value).claims
  throw refused('ERR_OPAQUE_TOKEN', 'The token is opaque, not a JWT: it has no claims to show.')
}
