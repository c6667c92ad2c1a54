import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { authorizedFetch } from '@countersign/core/fetch'

const { API_ORIGIN = '' } = process.env

const tokens = createTokenProvider(optionsFromEnv())
const api = authorizedFetch(tokens, { origins: [API_ORIGIN] })

const { status } = await api(`${API_ORIGIN}/accounts`)
console.log(status)
