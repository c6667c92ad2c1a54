import type { AccessToken } from '@countersign/core'
import got from 'got'
import { API_ORIGIN, tokens } from './tokens.js'

export const client = got.extend({
  prefixUrl: API_ORIGIN,
  hooks: {
    beforeRequest: [
      async ({ context, headers }) => {
        const token = await tokens.getAccessToken()
        context.token = token
        headers.authorization = token.authorization
      },
    ],
    afterResponse: [
      (response, retry) => {
        if (response.statusCode !== 401) return response
        tokens.invalidate(response.request.options.context.token as AccessToken)
        return retry({})
      },
    ],
  },
})
