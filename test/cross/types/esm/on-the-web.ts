import type { KeyInput, TokenFetch, TokenSource } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'

declare const tokens: TokenSource

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const pair = await crypto.subtle.generateKey(algorithm, false, ['sign'])
export const key: KeyInput = pair.privateKey
export const tokenFetch: TokenFetch = window.fetch
window.fetch = authorizedFetch(tokens, { origins: [location.origin], fetch: window.fetch })
export const exported: KeyInput = await crypto.subtle.exportKey('jwk', pair.privateKey)
export const bytes: KeyInput = new TextEncoder().encode('{}')
// @ts-expect-error 2322: a pair is no private key
export const both: KeyInput = pair
// @ts-expect-error 2591: the web has no environment
export const clientId = process.env.CLIENT_ID
