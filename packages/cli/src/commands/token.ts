import { type AccessToken, createTokenProvider } from '@countersign/core'
import { readClientOptions } from '../client.js'
import type { Call, Command, Outcome } from '../command.js'
import { CommandFailure, createUsageFailure, rejectSecret } from '../command-failure.js'
import { readJwt } from '../inspect/found-jwt.js'
import { clientOptions, Option, options } from '../options.js'
import { quoteWord } from '../output.js'
import type { Settings } from '../settings.js'

const forms = ['token', 'claims', 'header', 'curl']
const show = new Option('--show <what>', 'what to print (default: token)').choices(forms)

export const command: Command = {
  description:
    'Gets an access token with one token request (RFC 6749 section 4.4, RFC 7523) and prints it. --show curl requests nothing and prints lines to copy, without secrets.',
  options: [...clientOptions, options.scope, options.resource, show],
  examples: [
    ['with CLIENT_ID and so on in .env', 'countersign token --key countersign.pem'],
    ['call an API', 'countersign token --show header | curl -H @- https://api.example.com/'],
    ['read the claims', 'countersign token --show claims --scope "openid full"'],
    ['send both requests by hand', 'countersign token --show curl --key countersign.pem'],
  ],
  run,
}

async function run({ settings, output }: Call): Promise<Outcome> {
  const client = await readClientOptions(settings)
  const wanted = settings.readFlag(show) ?? 'token'
  if (wanted === 'curl') {
    const lines = writeCurlLines(client, settings)
    return { json: { curl: lines }, text: lines.join('\n\n') }
  }
  output.announce('Requesting a token…')
  return present(await createTokenProvider(client).getAccessToken(), wanted)
}

function present(accessToken: AccessToken, wanted: string): Outcome {
  const { value, tokenType, authorization, scope, issuedAt, expiresAt } = accessToken
  const granted = scope === undefined ? '' : ` Scope: ${scope}.`
  const note = `A credential until it expires, ${new Date(expiresAt).toISOString()}.${granted}`
  if (wanted === 'header') {
    const header = `Authorization: ${authorization}`
    return { json: { header }, text: header, note }
  }
  if (wanted === 'token')
    return { json: { token: value, tokenType, scope, issuedAt, expiresAt }, text: value, note }
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(value))
    throw new CommandFailure('ERR_OPAQUE_TOKEN', 'The token is opaque: it has no claims to show.')
  const { claims } = readJwt(value)
  return { json: { claims }, text: JSON.stringify(claims, null, 2), note }
}

/**
 * Writes the token request and a call of an API. curl gets secrets through a pipe: every user of
 * the machine can read a command line.
 */
function writeCurlLines(
  { clientId, tokenEndpoint, scope, resource }: Awaited<ReturnType<typeof readClientOptions>>,
  settings: Settings,
): readonly string[] {
  if (settings.readFlag(options.key) === '-')
    throw createUsageFailure(
      'Lines to copy cannot read the key from stdin. Pass a file with --key.',
    )
  const signing = [...clientOptions, options.dotenv]
  const api = settings.readVariable('API_ORIGIN') ?? 'https://api.example.com/'
  const form = Object.entries({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    scope,
    resource,
  }).filter(([, value]) => value !== undefined)
  return [
    [
      `countersign assert${repeatFlags(signing, settings)} | tr -d '\\n' | curl ${quoteWord(tokenEndpoint)}`,
      ...form.map(([name, value]) => `--data-urlencode ${quoteWord(`${name}=${value}`)}`),
      '--data-urlencode client_assertion@-',
    ].join(' \\\n  '),
    `countersign token${repeatFlags([...signing, options.scope, options.resource], settings)} --show header | curl --header @- ${quoteWord(api)}`,
  ]
}

/** Writes the given flags again, each after a space. */
function repeatFlags(repeated: readonly Option[], settings: Settings): string {
  const words = repeated.flatMap((option) => {
    const flag = String(option.long)
    if (settings.hasFlag(option)) return [flag]
    return settings.readList(option).flatMap((value) => {
      rejectSecret(value, flag)
      return [flag, quoteWord(value)]
    })
  })
  return words.map((word) => ` ${word}`).join('')
}
