import { authorizationHooks } from '@countersign/ky-hook'
import ky from 'ky'
import { client } from './generated/hey-ky/client.gen.js'
import { API_ORIGIN, tokens } from './tokens.js'

const hooks = authorizationHooks(tokens, { origins: [API_ORIGIN] })
client.setConfig({ baseUrl: API_ORIGIN, ky: ky.create({ hooks }) })
