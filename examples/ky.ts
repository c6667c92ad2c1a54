import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizationHooks } from '@countersign/ky-hook'
import ky from 'ky'

const { API_ORIGIN = '' } = process.env

const tokens = createTokenProvider(optionsFromEnv())
const api = ky.create({
  prefix: API_ORIGIN,
  hooks: authorizationHooks(tokens, { origins: [API_ORIGIN] }),
})

const { status } = await api.get('accounts')
console.log(status)
