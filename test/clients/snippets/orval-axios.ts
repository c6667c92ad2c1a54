import { addAuthorization } from '@countersign/axios-interceptor'
import axios from 'axios'
import { getAccounts } from './generated/orval-axios.js'
import { API_ORIGIN, tokens } from './tokens.js'

const instance = axios.create({ baseURL: API_ORIGIN })
addAuthorization(instance, tokens)
export const accounts = getAccounts(instance)
