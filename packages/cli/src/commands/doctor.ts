import { readClientOptions } from '../client.js'
import type { Call, Command, Outcome } from '../command.js'
import { requestToken } from '../doctor/live-request.js'
import { checkNetwork } from '../doctor/network-checks.js'
import { checkOffline, checkPresence } from '../doctor/offline-checks.js'
import { createCheck, createReport } from '../doctor/report.js'
import { clientOptions, Option, options } from '../options.js'

const publicKey = new Option('--public-key <file>', 'registered public key, PEM or JWK')
const jwks = new Option('--jwks <file or URL>', 'JWK Set that the authorization server reads')
const offline = new Option('--offline', 'send nothing')

export const command: Command = {
  description:
    'Finds out why you get no token. Checks options, key and assertion, then the name, TLS and clock of the server. Makes one token request at the end, or none if it must fail, because servers block clients that fail often. Ends with hints, most likely first.',
  options: [...clientOptions, options.scope, options.resource, publicKey, jwks, offline],
  examples: [
    ['with CLIENT_ID and TOKEN_ENDPOINT in .env', 'countersign doctor --key countersign.pem'],
    ['with the published keys', 'countersign doctor --jwks https://keys.example.com/jwks.json'],
    ['without network', 'countersign doctor --offline --public-key countersign.pub.pem'],
    ['for a script', 'countersign doctor --profile jack-henry --json'],
  ],
  run,
}

async function run({ settings, output }: Call): Promise<Outcome> {
  const missing = checkPresence(settings)
  if (missing.length > 0) return createReport(missing)
  let client: Awaited<ReturnType<typeof readClientOptions>>
  try {
    client = await readClientOptions(settings)
  } catch (thrown) {
    return createReport([await createCheck('options', 'Options').fail(thrown)])
  }
  const published = { publicKey: settings.readFlag(publicKey), jwks: settings.readFlag(jwks) }
  const checks = [...(await checkOffline(client, { settings, published }))]
  const isOver = () => settings.hasFlag(offline) || checks.some(({ status }) => status === 'bad')
  if (isOver()) return createReport(checks)
  output.announce('Checking the server…')
  checks.push(...(await checkNetwork(client.tokenEndpoint)))
  if (isOver()) return createReport(checks)
  output.announce('Requesting a token…')
  return createReport(checks, await requestToken(client))
}
