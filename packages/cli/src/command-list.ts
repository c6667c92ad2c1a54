import type { CommandDefinition } from './command.js'

/** A command before its module is loaded: help lists it, and one run loads one. */
export interface ListedCommand {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<CommandDefinition>
  readonly commands?: readonly ListedCommand[]
}

export const commandList: readonly ListedCommand[] = [
  {
    name: 'keygen',
    summary: 'make a key pair: private key, public key to upload, JWK Set to host',
    load: async () => (await import('./commands/keygen.js')).keygen,
  },
  {
    name: 'jwks',
    summary: 'print the public JWK Set of private keys',
    load: async () => (await import('./commands/jwks.js')).jwks,
    commands: [
      {
        name: 'add',
        summary: 'add a new key to a JWK Set: the first half of a rotation',
        load: async () => (await import('./commands/jwks-add.js')).jwksAdd,
      },
      {
        name: 'retire',
        summary: 'take an old key out of a JWK Set: the second half of a rotation',
        load: async () => (await import('./commands/jwks-retire.js')).jwksRetire,
      },
    ],
  },
  {
    name: 'assert',
    summary: 'sign and print a client assertion',
    load: async () => (await import('./commands/assert.js')).assert,
  },
  {
    name: 'inspect',
    summary: 'judge an assertion or any JWT, offline',
    load: async () => (await import('./commands/inspect.js')).inspect,
  },
  {
    name: 'token',
    summary: 'get an access token; print it, its claims, a header or a curl line',
    load: async () => (await import('./commands/token.js')).token,
  },
  {
    name: 'doctor',
    summary: 'find out why there is no token: offline first, then one token request',
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  {
    name: 'serve',
    summary: 'run an authorization server and an API on this machine, to try things',
    load: async () => (await import('./commands/serve.js')).serve,
  },
]
