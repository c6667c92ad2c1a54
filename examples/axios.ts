import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import axios from 'axios'

const { API_ORIGIN = '' } = process.env

const tokens = createTokenProvider(optionsFromEnv())
const api = axios.create({ baseURL: API_ORIGIN })
addAuthorization(api, tokens)

const { status } = await api.get('/accounts')
console.log(status)
