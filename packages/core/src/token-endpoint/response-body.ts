import { discardBody } from '../discard-body.js'
import { TokenResponseError } from '../errors.js'

const limit = 65_536

/** The body as text, at most 64 KiB after decoding; the rest is never read. */
export async function readBody(response: Response): Promise<string> {
  if (Number(response.headers.get('content-length') ?? 0) > limit) {
    discardBody(response.body)
    throw tooLarge()
  }
  if (!response.body && typeof response.text === 'function') return wholeText(response)
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  // Leaving the loop cancels the stream. Some fetch implementations give a Node stream here.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > limit) throw tooLarge()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Responses of XMLHttpRequest polyfills and React Native have no stream. */
async function wholeText(response: Response): Promise<string> {
  const text = await response.text()
  if (new TextEncoder().encode(text).byteLength > limit) throw tooLarge()
  return text
}

function tooLarge(): TokenResponseError {
  const hint = 'Check that the URL is that of a token endpoint.'
  return new TokenResponseError(
    'ERR_TOKEN_RESPONSE_TOO_LARGE',
    `The token endpoint answered with more than ${limit} bytes. ${hint}`,
    { hints: [hint] },
  )
}
