import type { OptionDefinition } from './option-definition.js'
import { profiles } from './profiles.js'

/** What more than one command takes; a name means the same everywhere. */
export const commonOptions = {
  profile: {
    name: 'profile',
    value: '<name>',
    description:
      'presets endpoint, algorithms and limits of a provider; overrides .env of the working folder',
    choices: Object.keys(profiles),
  },
  clientId: {
    name: 'client-id',
    value: '<id>',
    description: 'as the authorization server gave it',
    env: 'CLIENT_ID',
  },
  tokenEndpoint: {
    name: 'token-endpoint',
    value: '<url>',
    description: 'URL of the token endpoint',
    env: 'TOKEN_ENDPOINT',
  },
  key: {
    name: 'key',
    value: '<file>',
    description: 'file of the private key, - for stdin; else the key itself in PRIVATE_KEY',
    env: 'PRIVATE_KEY_FILE',
  },
  passphrase: {
    name: 'passphrase',
    description: 'ask for the passphrase of the key, or take PRIVATE_KEY_PASSPHRASE',
  },
  scope: {
    name: 'scope',
    value: '<scope>',
    description: 'scope tokens, separated by blanks',
    env: 'SCOPE',
  },
  resource: {
    name: 'resource',
    value: '<uri>',
    description: 'resource indicator (RFC 8707)',
    env: 'RESOURCE',
  },
  alg: {
    name: 'alg',
    value: '<alg>',
    description: 'algorithm of the signature',
    env: 'ALG',
    choices: ['ES256', 'PS256', 'RS256'],
  },
  kid: {
    name: 'kid',
    value: '<kid>',
    description: 'name of the key',
    env: 'KID',
  },
  audience: {
    name: 'audience',
    value: '<aud>',
    description: 'aud of the assertion (default: the token endpoint)',
    env: 'AUDIENCE',
  },
  lifetime: {
    name: 'lifetime',
    value: '<seconds>',
    description: 'lifetime of the assertion, 10 to 300 (default: 60)',
  },
  claim: {
    name: 'claim',
    value: '<name=json>',
    description: 'extra claim; text that is not JSON is taken as it is',
    isRepeatable: true,
  },
} as const satisfies Readonly<Record<string, OptionDefinition>>

/** Every command has these. */
export const frameOptions = {
  json: { name: 'json', description: 'print one JSON document' },
  // Node takes a flag named env-file for its own, even behind the name of a program.
  dotenv: {
    name: 'dotenv',
    value: '<file>',
    description: 'read variables from this file (default: .env, if there is one)',
  },
} as const satisfies Readonly<Record<string, OptionDefinition>>

/** Never a flag: the list of processes shows those to everybody. */
export const secretVariables = {
  key: 'PRIVATE_KEY',
  passphrase: 'PRIVATE_KEY_PASSPHRASE',
} as const
