import type { Call, CommandDefinition } from '../command.js'
import { readJwt } from '../inspect/found-jwt.js'
import type { Outcome } from '../outcome.js'
import { clientOptions, providerOptions } from '../provider-options.js'
import { signedAssertion } from '../signed-assertion.js'

export const assert: CommandDefinition = {
  description:
    'Signs a client assertion (RFC 7523) exactly as a token request would carry it, and prints it. Nothing is sent. The assertion is a credential while it lives.',
  options: clientOptions,
  examples: [
    ['countersign assert --key countersign.pem | countersign inspect', 'sign one and look at it'],
    [
      'countersign assert --profile jack-henry --client-id 1234 --key countersign.pem',
      'for Jack Henry',
    ],
    [
      'countersign assert --lifetime 300 --claim purposeId=\'"42"\' --json',
      'with its claims beside it',
    ],
  ],
  run,
}

async function run({ settings }: Call): Promise<Outcome> {
  const assertion = await signedAssertion(await providerOptions(settings))
  const { header, claims } = readJwt(assertion)
  return {
    json: { assertion, header, claims },
    text: () => assertion,
    note: `Good once, until ${new Date(Number(claims.exp) * 1000).toISOString()}. Look at it with countersign inspect, never on a web page.`,
  }
}
