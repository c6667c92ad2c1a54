import type { Call, CommandDefinition } from '../command.js'
import { CommandFailure } from '../command-failure.js'
import { commonOptions as options } from '../common-options.js'
import { type Check, check } from '../doctor/check.js'
import { diagnosis } from '../doctor/diagnosis.js'
import { type LiveRequest, liveRequest } from '../doctor/live-request.js'
import { networkChecks } from '../doctor/network-checks.js'
import { missingValues, offlineChecks } from '../doctor/offline-checks.js'
import { profileChecks } from '../doctor/profile-check.js'
import { reportText } from '../doctor/report-text.js'
import type { OptionDefinition } from '../option-definition.js'
import type { Outcome } from '../outcome.js'
import { clientOptions, providerOptions } from '../provider-options.js'
import type { Settings } from '../settings.js'

type Provider = Awaited<ReturnType<typeof providerOptions>>

const publicKey: OptionDefinition = {
  name: 'public-key',
  value: '<file>',
  description: 'the public key that was registered (PEM or JWK)',
}
const jwks: OptionDefinition = {
  name: 'jwks',
  value: '<file or URL>',
  description: 'the JWK Set that the server reads',
}
const offline: OptionDefinition = {
  name: 'offline',
  description: 'stop before anything goes over the network',
}

export const doctor: CommandDefinition = {
  description:
    'Finds out why there is no token. Looks at key, options and assertion first, then at name, TLS and clock of the server, and makes exactly one token request at the end, or none where that is bound to fail: servers block addresses that fail often. Ends with hints, most likely first.',
  options: [...clientOptions, options.scope, options.resource, publicKey, jwks, offline],
  examples: [
    ['countersign doctor --key countersign.pem', 'with CLIENT_ID and TOKEN_ENDPOINT in .env'],
    ['countersign doctor --jwks https://keys.example.com/jwks.json', 'with what is published'],
    ['countersign doctor --offline --public-key countersign.pub.pem', 'without the network'],
    ['countersign doctor --profile jack-henry --json', 'for a script'],
  ],
  run,
}

async function run({ settings, progress }: Call): Promise<Outcome> {
  const missing = missingValues(settings)
  if (missing.length > 0) return reported(missing, undefined)
  const provider = await given(settings)
  if ('status' in provider) return reported([provider], undefined)
  const published = { publicKey: settings.flag(publicKey), jwks: settings.flag(jwks) }
  const { profile } = settings
  const checks: Check[] = [
    ...profileChecks(settings),
    ...(await offlineChecks(provider, published, profile)),
  ]
  const isBad = () => checks.some(({ status }) => status === 'bad')
  const isOffline = settings.has(offline)
  if (!isOffline && !isBad()) {
    const looking = networkChecks(provider.tokenEndpoint)
    checks.push(...(await progress('Looking at the server', looking)))
  }
  const live =
    isOffline || isBad() ? undefined : await progress('Asking for one token', liveRequest(provider))
  return reported(checks, live)
}

/** The options; a check instead where a value or its file is no good. */
async function given(settings: Settings): Promise<Provider | Check> {
  try {
    return await providerOptions(settings)
  } catch (thrown) {
    const isFound = thrown instanceof CommandFailure && thrown.code !== 'ERR_INTERRUPTED'
    if (!isFound) throw thrown
    return check('options', 'Options').bad(`${thrown.code}: ${thrown.message}`)
  }
}

function reported(before: readonly Check[], live: LiveRequest | undefined): Outcome {
  const { ok, verdict, hints } = diagnosis(before, live?.outcome)
  const checks = live === undefined ? before : [...before, live.check]
  const report = { ok, verdict, hints, checks, requests: live?.requests ?? 0 }
  return { json: report, text: (paint) => reportText(report, paint), isBad: !ok }
}
