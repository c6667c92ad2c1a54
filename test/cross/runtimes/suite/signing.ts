import type { Algorithm, KeyInput, TokenProviderOptions } from '@countersign/core'
import type { Case } from './case.ts'
import { same } from './expectations.ts'
import { type Keys, makeKeys, signer } from './keys.ts'
import { providerFor } from './provider.ts'
import type { World } from './world.ts'

const algorithms = ['ES256', 'PS256', 'RS256'] as const

const forms: Readonly<Record<string, (keys: Keys) => KeyInput>> = {
  'a JWK': ({ jwk }) => jwk,
  'PKCS#8 PEM text': ({ pem }) => pem,
  'a CryptoKey': ({ cryptoKey }) => cryptoKey,
  'a CryptoKey that cannot be exported': ({ lockedKey }) => lockedKey,
}

const local = algorithms.flatMap((alg) =>
  Object.entries(forms).map(
    ([form, pick]): Case => ({
      name: `signs with ${alg}, from ${form}`,
      run: async (world) => {
        const keys = await registeredKeys(world, alg)
        await signs(world, { alg }, { key: pick(keys), alg })
      },
    }),
  ),
)

const remote = algorithms.map(
  (alg): Case => ({
    name: `signs with ${alg}, from a remote signer`,
    run: async (world) => {
      const kid = 'remote'
      const keys = await registeredKeys(world, alg, { kid })
      await signs(world, { alg, kid }, { signer: signer(keys, alg, kid) })
    },
  }),
)

export const signing: readonly Case[] = [...local, ...remote]

async function registeredKeys(
  world: World,
  alg: Algorithm,
  named: { kid?: string } = {},
): Promise<Keys> {
  const keys = await makeKeys(alg)
  await world.ask('register', { jwk: { ...keys.publicJwk, ...named } })
  return keys
}

/** The server verifies the signature. */
export async function signs(
  world: World,
  header: { readonly alg: Algorithm; readonly kid?: string },
  options: Partial<TokenProviderOptions>,
): Promise<void> {
  await providerFor(world, options).getAccessToken()
  same((await world.seen()).tokenRequests, [{ ...header, status: 200 }], 'token requests')
}
