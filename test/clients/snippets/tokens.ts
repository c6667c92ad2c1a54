import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizedFetch } from '@countersign/core/fetch'

export const { API_ORIGIN = '' } = process.env
export const tokens = createTokenProvider(optionsFromEnv())
export const api = authorizedFetch(tokens, { origins: [API_ORIGIN] })
