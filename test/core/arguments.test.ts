import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider, memoryStore, type TokenSource } from '@countersign/core'
import { createAuthorizer } from '@countersign/core/adapter'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizedFetch } from '@countersign/core/fetch'
import { keyvStore, sealedStore } from '@countersign/core/stores'
import { authorizationHooks } from '@countersign/ky-hook'
import { openTelemetry } from '@countersign/opentelemetry'
import axios from 'axios'
import { expect, test } from 'vitest'
import { providerFor } from '../support/provider-under-test.ts'

const { tokens } = providerFor('https://login.example.com/token')
const api = axios.create({ baseURL: 'https://api.example.com' })
const origins = ['https://api.example.com']
/** Calls a function as a program without types may call it. */
const call = (run: (...given: never[]) => unknown, ...given: readonly unknown[]) =>
  (run as (...given: readonly unknown[]) => unknown)(...given)

test.each<[string, string, () => unknown]>([
  ['options', 'createTokenProvider()', () => call(createTokenProvider)],
  ['options', "memoryStore('100')", () => call(memoryStore, '100')],
  ['options', "getAccessToken('scope')", () => call(tokens.getAccessToken, 'scope')],
  ['scopes', "getAccessToken({ scopes: 'a' })", () => call(tokens.getAccessToken, { scopes: 'a' })],
  ['forceRenewal', 'a number', () => call(tokens.getAccessToken, { forceRenewal: 1 })],
  ['accessToken', "invalidate('token')", () => call(tokens.invalidate, 'token')],
  ['accessToken', 'invalidate()', () => call(tokens.invalidate)],
  ['options', 'invalidate(token, false)', () => call(tokens.invalidate, { value: 't' }, false)],
  ['tokens', 'addAuthorization(api)', () => call(addAuthorization, api)],
  ['tokens', 'addAuthorization(axios.create())', () => call(addAuthorization, axios.create())],
  ['instance', 'addAuthorization(tokens, api)', () => call(addAuthorization, tokens, api)],
  ['options', 'a list of origins', () => call(addAuthorization, api, tokens, origins)],
  ['tokens', 'authorizationHooks()', () => call(authorizationHooks, undefined, { origins })],
  ['options', 'authorizationHooks(tokens)', () => call(authorizationHooks, tokens)],
  ['tokens', 'authorizedFetch(fetch)', () => call(authorizedFetch, fetch, { origins })],
  ['options', 'authorizedFetch(tokens)', () => call(authorizedFetch, tokens)],
  ['tokens', 'createAuthorizer', () => call(createAuthorizer, {} as TokenSource, {}, { origins })],
  ['client', 'createAuthorizer', () => call(createAuthorizer, tokens, {}, { origins })],
  ['options', 'openTelemetry(true)', () => call(openTelemetry, true)],
  ['options', "optionsFromEnv('BANK_')", () => call(optionsFromEnv, 'BANK_')],
  ['store', 'sealedStore()', () => call(sealedStore, undefined, { encryptionKeys: [] })],
  ['keyv', 'keyvStore()', () => call(keyvStore, undefined, { plaintext: true })],
])('names the argument or option %s of %s', async (option, _, run) => {
  const failed = { code: 'ERR_INVALID_OPTION', option }
  await expect(async () => run()).rejects.toMatchObject(failed)
  await expect(async () => run()).rejects.toThrow(new RegExp(`'${option}'`))
})
