/**
 * A provider that was given a JWK which nobody else keeps: says whether the JWK can be collected
 * once a token was got with it. Run with --expose-gc; the JWK stands on the standard input.
 */
import { env, stdin } from 'node:process'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { createTokenProvider, type Jwk } from '@countersign/core'

const json = await text(stdin)
let first: WeakRef<Jwk> | undefined

function parsed(): Jwk {
  const jwk: Jwk = JSON.parse(json)
  first ??= new WeakRef(jwk)
  return jwk
}

const tokens = createTokenProvider({
  clientId: 'client-1',
  tokenEndpoint: env.TOKEN_ENDPOINT,
  key: env.KEY === 'function' ? parsed : parsed(),
})
await tokens.getAccessToken()

let isKept = true
for (let round = 0; round < 20 && isKept; round++) {
  await setImmediate()
  globalThis.gc?.()
  isKept = first?.deref() !== undefined
}
// The provider is still in use, and signs.
await tokens.getAccessToken({ forceRenewal: true })
console.log(JSON.stringify({ isKept }))
