import type { Algorithm, KeyInput, TokenProviderOptions } from '@countersign/core'
import { same } from './expectations.ts'
import { createSigner, type Keys, makeKeys } from './keys.ts'
import { providerFor } from './provider.ts'
import type { Cases, World } from './world.ts'

const algorithms = ['ES256', 'PS256', 'RS256'] as const

const formats: Readonly<Record<string, (keys: Keys) => KeyInput>> = {
  'a JWK': ({ jwk }) => jwk,
  'PKCS#8 PEM text': ({ pem }) => pem,
  'a CryptoKey': ({ cryptoKey }) => cryptoKey,
  'a CryptoKey that cannot be exported': ({ lockedKey }) => lockedKey,
}

export const signing: Cases = Object.fromEntries(
  algorithms.flatMap((alg) => [
    ...Object.entries(formats).map(([format, pick]) => {
      const run = async (world: World) => {
        const keys = await makeKeys(alg)
        await world.ask('register', keys.publicJwk)
        await expectSigned(world, { alg }, { key: pick(keys), alg })
      }
      return [`signs with ${alg}, from ${format}`, run] as const
    }),
    [
      `signs with ${alg}, from a remote signer`,
      async (world: World) => {
        const kid = 'remote'
        const keys = await makeKeys(alg)
        await world.ask('register', { ...keys.publicJwk, kid })
        await expectSigned(world, { alg, kid }, { signer: createSigner(keys, alg, kid) })
      },
    ] as const,
  ]),
)

/** Expects that the server accepts the signature. */
export async function expectSigned(
  world: World,
  header: { readonly alg: Algorithm; readonly kid?: string },
  options: Partial<TokenProviderOptions>,
): Promise<void> {
  await providerFor(world, options).getAccessToken()
  same((await world.ask('seen')).tokenRequests, [{ ...header, status: 200 }], 'token requests')
}
