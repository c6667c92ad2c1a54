/**
 * A provider that was given a key which nobody else keeps: says whether the key is still in memory
 * once a token was got with it. Run with --expose-gc; the key stands on the standard input, turned
 * round, so that its text is there only while it is asked for.
 */
import { Buffer } from 'node:buffer'
import { env, stdin } from 'node:process'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { getHeapSnapshot } from 'node:v8'
import { createTokenProvider, type Jwk } from '@countersign/core'

const turned = Buffer.from(await text(stdin))
const isJson = env.KEY !== 'text'
let first: WeakRef<Jwk> | undefined

function key(): Jwk | string {
  const given = Buffer.from(turned).reverse().toString()
  if (!isJson) return given
  const jwk: Jwk = JSON.parse(given)
  first ??= new WeakRef(jwk)
  return jwk
}

const tokens = createTokenProvider({
  clientId: 'client-1',
  tokenEndpoint: env.TOKEN_ENDPOINT,
  key: env.KEY === 'option' ? key() : key,
})
await tokens.getAccessToken()

let isKept = true
for (let round = 0; round < 20 && isKept; round++) {
  await setImmediate()
  globalThis.gc?.()
  isKept = isJson ? first?.deref() !== undefined : await isOnHeap(turned.subarray(40, 80))
}
// The provider is still in use, and signs.
await tokens.getAccessToken({ forceRenewal: true })
console.log(JSON.stringify({ isKept }))

/** Whether a string with these bytes, turned round, is part of a snapshot of the heap. */
async function isOnHeap(end: Buffer): Promise<boolean> {
  const snapshot = await text(getHeapSnapshot())
  return snapshot.includes(Buffer.from(end).reverse().toString())
}
