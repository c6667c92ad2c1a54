import { addAuthorization } from '@countersign/axios-interceptor'
import { client } from './generated/hey-axios/client.gen.js'
import { API_ORIGIN, tokens } from './tokens.js'

client.setConfig({ baseURL: API_ORIGIN })
addAuthorization(client.instance, tokens, { origins: [API_ORIGIN] })
