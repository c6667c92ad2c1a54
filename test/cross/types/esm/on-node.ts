import { createPrivateKey, generateKeyPairSync, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, type Jwk, type KeyInput } from '@countersign/core'
import axios from 'axios'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { subtle } = webcrypto
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const pair = (await subtle.generateKey(algorithm, false, ['sign'])) as webcrypto.CryptoKeyPair
export const keys: KeyInput[] = [privateKey, createPrivateKey('pem'), pair.privateKey]

/** Without a `!` or a default: what is not set is said at construction. */
export const tokens = createTokenProvider({
  clientId: process.env.CLIENT_ID,
  tokenEndpoint: process.env.TOKEN_ENDPOINT,
  key: process.env.PRIVATE_KEY,
})
addAuthorization(axios, tokens, { origins: ['https://api.example.com'] })

const exported = privateKey.export({ format: 'jwk' })
export const asOwn: Jwk = exported
export const moreKeys: KeyInput[] = [
  exported,
  { ...exported, kid: 'k' },
  { keys: [exported] },
  { key: exported, kid: 'k' },
  readFileSync('key.pem'),
  await readFile('key.der'),
]
createPrivateKey({ key: asOwn, format: 'jwk' })
createTokenProvider({
  clientId: 'client',
  tokenEndpoint: 'https://login.example.com/token',
  key: () => readFile('key.pem'),
})
// @ts-expect-error 2322: a pair is no private key
export const both: KeyInput = pair
