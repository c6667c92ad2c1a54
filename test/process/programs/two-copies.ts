import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { addAuthorization } from '@countersign/axios-interceptor'
import * as core from '@countersign/core'
import axios from 'axios'
import { apiOrigin, hosts, provider, tell } from './program.ts'

/** A second copy of core, as a second version in node_modules would be. */
const root = new URL('../../../packages/core/', import.meta.url).pathname
const folder = mkdtempSync(join(root, 'copy-'))
try {
  cpSync(join(root, 'dist'), folder, { recursive: true })
  const other: typeof core = await import(join(folder, 'index.js'))
  const tokens = other.createTokenProvider({
    clientId: 'client-1',
    tokenEndpoint: process.env.TOKEN_ENDPOINT,
    key: process.env.PRIVATE_KEY,
  })
  const { axios: viaAxios, ky, fetch } = hosts(tokens)
  const statuses = [await viaAxios('x'), await ky('x'), await fetch('x')]
  const failing = other.createTokenProvider({
    clientId: 'nobody',
    tokenEndpoint: process.env.TOKEN_ENDPOINT,
    key: process.env.PRIVATE_KEY,
  })
  const api = axios.create({ baseURL: apiOrigin })
  addAuthorization(api, failing)
  const error = await api.get('/x').catch((thrown: unknown) => thrown)
  const cause = axios.isAxiosError(error) ? error.cause : undefined
  tell({
    areCopies: other.createTokenProvider !== core.createTokenProvider,
    statuses,
    isTold: core.isCountersignError(cause) && other.isCountersignError(cause),
    isInstance: [
      cause instanceof core.TokenEndpointError,
      cause instanceof other.TokenEndpointError,
    ],
    code: (error as { code?: string }).code,
    own: (await provider().getAccessToken()).tokenType,
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
