// A program that has both copies of core: its own ES modules, and those of a CommonJS dependency.
import { generateKeyPairSync } from 'node:crypto'
import { createRequire } from 'node:module'
import * as adapterModule from '@countersign/axios-interceptor'
import * as coreModule from '@countersign/core'
import * as fetchModule from '@countersign/core/fetch'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import axios from 'axios'

const require = createRequire(import.meta.url)
const copies = {
  module: { core: coreModule, fetch: fetchModule, adapter: adapterModule, axios },
  commonJs: {
    core: require('@countersign/core'),
    fetch: require('@countersign/core/fetch'),
    adapter: require('@countersign/axios-interceptor'),
    axios: require('axios'),
  },
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const server = await createAuthorizationServer()
server.register({ clientId: 'copies', jwks: { keys: [publicKey.export({ format: 'jwk' })] } })
const api = await createResourceServer(server)
const { tokenEndpoint } = server
const origins = [api.origin]
const seen = {}

for (const [name, { core, fetch }] of Object.entries(copies)) {
  const tokens = core.createTokenProvider({ clientId: 'copies', tokenEndpoint, key: privateKey })
  const blocked = fetch.authorizedFetch(tokens, { origins, onForeignOrigin: 'throw' })
  const error = await blocked('https://elsewhere.example/').catch((thrown) => thrown)
  const other = name === 'module' ? copies.commonJs : copies.module
  seen[name] = {
    isOwnClass: error instanceof core.CountersignError,
    isOtherClass: error instanceof other.core.CountersignError,
    isRecognizedByOther: other.core.isCountersignError(error),
  }
  for (const [adapterName, { adapter, fetch: otherFetch }] of Object.entries(copies)) {
    for (const [axiosName, { axios: client }] of Object.entries(copies)) {
      const instance = client.create({ baseURL: api.origin })
      adapter.addAuthorization(instance, tokens)
      const { status } = await instance.get('/accounts')
      seen[name][`${adapterName} adapter, ${axiosName} axios`] = status
    }
    const { status } = await otherFetch.authorizedFetch(tokens, { origins })(`${api.origin}/x`)
    seen[name][`${adapterName} fetch`] = status
  }
}

await Promise.all([api.close(), server.close()])
console.log(JSON.stringify({ ...seen, tokenRequests: server.requests.length }))
