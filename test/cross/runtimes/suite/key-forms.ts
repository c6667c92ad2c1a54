import type { Algorithm } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import type { Case } from './case.ts'
import { type Container, passphrase } from './command.ts'
import { codeOf, holds, messageOf, rejection, same, thrown } from './expectations.ts'
import { makeKeys, pem } from './keys.ts'
import { providerFor } from './provider.ts'
import { signs } from './signing.ts'

/** What Web Crypto alone cannot read. */
const containers: readonly { row: string; container: Container; alg: Algorithm }[] = [
  { row: 'K5', container: 'PKCS#1', alg: 'RS256' },
  { row: 'K5', container: 'SEC1', alg: 'ES256' },
  { row: 'K6', container: 'encrypted PKCS#8', alg: 'ES256' },
]

const contained = containers.map(
  ({ row, container, alg }): Case => ({
    name: `${row}: reads ${container} where there is node:crypto, else tells how to convert it`,
    run: async (world) => {
      const { publicJwk, pem } = await makeKeys(alg)
      const key = await world.ask('converted', { pem, container })
      const options = {
        ...{ key, alg },
        ...(container === 'encrypted PKCS#8' ? { passphrase } : {}),
      }
      await world.ask('register', { jwk: publicJwk })
      if (world.traits.nodeCrypto) return signs(world, { alg }, options)
      const refused = thrown(() => providerFor(world, options))
      same(codeOf(refused), 'ERR_KEY_FORMAT', 'the error')
      holds(messageOf(refused).includes(`${container}, and this runtime`), messageOf(refused))
      holds(messageOf(refused).includes('openssl pkcs8 -topk8'), messageOf(refused))
    },
  }),
)

export const keyForms: readonly Case[] = [
  ...contained,
  {
    name: 'refuses a PEM without a key in it at construction',
    run: async (world) => {
      const damaged = pem('PRIVATE KEY', crypto.getRandomValues(new Uint8Array(96)))
      const make = () => providerFor(world, { key: damaged })
      const refused = thrown(make)
      same(codeOf(refused), 'ERR_KEY_FORMAT', 'the error')
      same((await world.seen()).tokenRequests, [], 'token requests')
    },
  },
  {
    name: 'K10: refuses a JWK whose private and public parts are of two keys, before it is used',
    run: async (world) => {
      const [one, other] = [await makeKeys('ES256'), await makeKeys('ES256')]
      const mixed = Object.assign(one.jwk, { d: other.jwk.d })
      const make = () => providerFor(world, { key: mixed })
      const refused = world.traits.nodeCrypto
        ? thrown(make)
        : await rejection(make().getAccessToken(), 'the first call')
      same(codeOf(refused), 'ERR_KEY_FORMAT', 'the error')
      same((await world.seen()).tokenRequests, [], 'token requests')
    },
  },
  {
    name: 'publishes the public key of each form, and nothing private',
    run: async () => {
      const { jwk, pem, cryptoKey, publicJwk } = await makeKeys('ES256')
      for (const key of [jwk, pem, cryptoKey]) {
        const [{ kid, use, alg, ...published } = { kty: 'none' }] = (await publicJwks([key])).keys
        same([typeof kid, use, alg], ['string', 'sig', 'ES256'], 'kid, use and alg')
        same(sorted(published), sorted(publicJwk), 'the members of the key')
      }
    },
  },
]

function sorted(members: object): unknown {
  return Object.entries(members).sort(([one], [other]) => (one < other ? -1 : 1))
}
