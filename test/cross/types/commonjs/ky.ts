import { createTokenProvider } from '@countersign/core'
import { authorizationHooks } from '@countersign/ky-hook'

import ky = require('ky')

/** ky and its hooks are ES modules only; a CommonJS program hands them a provider of its own copy. */
export const api = ky.default.create({
  hooks: authorizationHooks(
    createTokenProvider({ clientId: 'client', tokenEndpoint: 'https://login.example.com/token' }),
    { origins: ['https://api.example.com'] },
  ),
})
