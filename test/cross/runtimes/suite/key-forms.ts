import type { Algorithm, KeyInput } from '@countersign/core'
import { publicJwks } from '@countersign/core/keys'
import { type Container, passphrase } from '../stage/containers.ts'
import { isError, rejection, same } from './expectations.ts'
import { makeKeys, pem } from './keys.ts'
import { providerFor } from './provider.ts'
import { expectSigned } from './signing.ts'
import type { Cases, World } from './world.ts'

/** Formats that Web Crypto alone cannot read. */
const containers: readonly [row: string, container: Container, label: string, alg: Algorithm][] = [
  ['K5', 'PKCS#1', 'RSA', 'RS256'],
  ['K5', 'SEC1', 'EC', 'ES256'],
  ['K6', 'encrypted PKCS#8', 'ENCRYPTED', 'ES256'],
]

const contained = containers.map(([row, container, label, alg]) => {
  const name = `${row}: reads ${container} with node:crypto, or names the command that converts it`
  const run = async (world: World) => {
    const { publicJwk, pem } = await makeKeys(alg)
    const key = await world.ask('convert', pem, container)
    const options = { key, alg, ...(container === 'encrypted PKCS#8' && { passphrase }) }
    await world.ask('register', publicJwk)
    if (world.traits.nodeCrypto) return expectSigned(world, { alg }, options)
    const error = await rejection(() => providerFor(world, options))
    const reason = `Reading BEGIN ${label} PRIVATE KEY requires node:crypto.`
    isError(error, 'ERR_KEY_FORMAT', reason, 'openssl pkcs8 -topk8')
  }
  return [name, run] as const
})

export const keyForms: Cases = {
  ...Object.fromEntries(contained),
  async 'rejects a PEM without a key in it before it is used'(world) {
    await expectRejected(world, pem('PRIVATE KEY', crypto.getRandomValues(new Uint8Array(96))))
  },
  async 'K10: rejects a JWK whose private and public parts do not match, before it is used'(world) {
    const [one, other] = [await makeKeys('ES256'), await makeKeys('ES256')]
    await expectRejected(world, Object.assign(one.jwk, { d: other.jwk.d }))
  },
  async 'publishes the public key of each format, and nothing private'() {
    const { jwk, pem, cryptoKey, publicJwk } = await makeKeys('ES256')
    for (const key of [jwk, pem, cryptoKey]) {
      const [{ kid, use, alg, ...published } = { kty: 'none' }] = (await publicJwks([key])).keys
      same([typeof kid, use, alg], ['string', 'sig', 'ES256'], 'kid, use and alg')
      same(sort(published), sort(publicJwk), 'the members of the key')
    }
  },
}

/** Expects an error at construction, or on the first call where only Web Crypto reads keys. */
async function expectRejected(world: World, key: KeyInput): Promise<void> {
  const create = () => providerFor(world, { key })
  const work = world.traits.nodeCrypto ? create : () => create().getAccessToken()
  isError(await rejection(work), 'ERR_KEY_FORMAT')
  same((await world.ask('seen')).tokenRequests, [], 'token requests')
}

function sort(members: object): unknown {
  return Object.entries(members).sort(([one], [other]) => (one < other ? -1 : 1))
}
