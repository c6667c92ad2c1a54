import { readClientOptions, signAssertion } from '../client.js'
import type { Call, Command, Outcome } from '../command.js'
import { readJwt } from '../inspect/found-jwt.js'
import { clientOptions } from '../options.js'

export const command: Command = {
  description:
    'Signs a client assertion (RFC 7523) exactly as a token request carries it, and prints it. Sends nothing. An assertion is a credential until it expires.',
  options: clientOptions,
  examples: [
    ['sign and judge', 'countersign assert --key countersign.pem | countersign inspect'],
    ['with claims', 'countersign assert --lifetime 300 --claim purposeId=\'"42"\' --json'],
    ['Jack Henry', 'countersign assert --profile jack-henry --client-id 1234 --key jh.pem'],
  ],
  run,
}

async function run({ settings }: Call): Promise<Outcome> {
  const assertion = await signAssertion(await readClientOptions(settings))
  const { header, claims } = readJwt(assertion)
  const expiry = new Date(Number(claims.exp) * 1000).toISOString()
  return {
    json: { assertion, header, claims },
    text: assertion,
    note: `Single use, expires ${expiry}. Read it with countersign inspect, never on a web page.`,
  }
}
