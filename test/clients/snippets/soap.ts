import { addAuthorization } from '@countersign/axios-interceptor'
import axios from 'axios'
import { createClientAsync } from 'soap'
import { API_ORIGIN, tokens } from './tokens.js'

const request = axios.create()
addAuthorization(request, tokens, { origins: [API_ORIGIN] })
export const connect = (wsdl: string) => createClientAsync(wsdl, { request })
