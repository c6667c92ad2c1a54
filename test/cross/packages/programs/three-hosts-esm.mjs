import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import { authorizedFetch } from '@countersign/core/fetch'
import { authorizationHooks } from '@countersign/ky-hook'
import { createAuthorizationServer, createResourceServer } from '@countersign/testing'
import axios from 'axios'
import ky from 'ky'
import { threeHosts } from './three-hosts.cjs'

const seen = await threeHosts({
  axios,
  ky,
  addAuthorization,
  authorizationHooks,
  authorizedFetch,
  createAuthorizationServer,
  createResourceServer,
  createTokenProvider,
})
console.log(JSON.stringify(seen))
