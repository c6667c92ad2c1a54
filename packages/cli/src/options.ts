import { Option } from 'commander'

export { Option }

/** The requirements of a provider. */
export interface Profile {
  readonly title: string
  readonly tokenEndpoint: string
  /** The required `aud` of an assertion. */
  readonly audience: string
  readonly algorithms: readonly string[]
  readonly maxLifetimeSeconds: number
}

export const profiles: Readonly<Record<string, Profile>> = {
  'jack-henry': {
    title: 'Jack Henry (Banno)',
    tokenEndpoint: 'https://login.jackhenry.com/a/oidc-provider/api/v0/token',
    audience: 'https://login.jackhenry.com/a/oidc-provider/api/v0/token',
    algorithms: ['ES256', 'PS256', 'RS256'],
    maxLifetimeSeconds: 300,
  },
}

const algorithms = ['ES256', 'PS256', 'RS256']

const profileNames = Object.keys(profiles)

/** The variable is used when the flag is not given. */
const client = {
  profile: new Option('--profile <name>', 'provider preset, overrides .env').choices(profileNames),
  clientId: new Option('--client-id <id>', 'client ID').env('CLIENT_ID'),
  tokenEndpoint: new Option('--token-endpoint <url>', 'token endpoint').env('TOKEN_ENDPOINT'),
  key: new Option('--key <file>', 'private key, - for stdin (or PRIVATE_KEY)').env(
    'PRIVATE_KEY_FILE',
  ),
  passphrase: new Option('--passphrase', 'ask for the passphrase (or PRIVATE_KEY_PASSPHRASE)'),
  alg: new Option('--alg <alg>', 'algorithm, required for RSA').env('ALG').choices(algorithms),
  kid: new Option('--kid <kid>', 'key ID registered with the authorization server').env('KID'),
  audience: new Option('--audience <aud>', 'aud (default: token endpoint)').env('AUDIENCE'),
  lifetime: new Option('--lifetime <seconds>', 'assertion lifetime, 10 to 300 (default: 60)'),
  claim: new Option(
    '--claim <name=json>',
    'extra claim of the assertion; repeatable; a value that is not JSON is text',
  ).argParser((claim, others: readonly string[] = []) => [...others, claim]),
}

/** The options of every command that signs. */
export const clientOptions = Object.values(client)

/** The options of more than one command. */
export const options = {
  ...client,
  scope: new Option('--scope <scope>', 'scope tokens, separated by spaces').env('SCOPE'),
  resource: new Option('--resource <uri>', 'resource indicator (RFC 8707)').env('RESOURCE'),
  // Not --env-file: Node.js takes that flag for itself, even after the name of the program.
  dotenv: new Option('--dotenv <file>', 'read variables from this file (default: .env)'),
  // KID and ALG describe the key in use, so they do not apply to a new one.
  newKid: new Option('--kid <kid>', 'key ID of the new key (default: its own, or its thumbprint)'),
  newAlg: new Option('--alg <alg>', 'signature algorithm of the new key').choices(algorithms),
}

/** Secrets have no flag: other users can see the command lines of processes. */
export const secretVariables = {
  key: 'PRIVATE_KEY',
  passphrase: 'PRIVATE_KEY_PASSPHRASE',
} as const
