import { createTokenProvider, type TokenProviderOptions } from '@countersign/core'

/** The assertion that a token request of this provider would carry. Nothing is sent. */
export async function signedAssertion(options: TokenProviderOptions): Promise<string> {
  let assertion: string | null = null
  const tokens = createTokenProvider({
    ...options,
    retries: 0,
    fetch: async (_, { body }) => {
      assertion = new URLSearchParams(String(body)).get('client_assertion')
      throw new Error('The request goes no further.')
    },
  })
  try {
    await tokens.getAccessToken()
  } catch (error) {
    if (assertion === null) throw error
  }
  return String(assertion)
}
