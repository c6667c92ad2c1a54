import type { TokenProviderOptions } from '@countersign/core'
import { shellQuoted } from './shell-words.js'

/** The flags that `assert` and `token` need again, and the API to call. */
export interface CurlSurroundings {
  readonly assertFlags: string
  readonly tokenFlags: string
  readonly api: string
}

/**
 * The token request and a call of an API. Secrets go to curl through a pipe: every user of the
 * machine can read a command line.
 */
export function curlLines(
  { clientId, tokenEndpoint, scope, resource }: TokenProviderOptions,
  { assertFlags, tokenFlags, api }: CurlSurroundings,
): readonly string[] {
  const form = [
    ['grant_type', 'client_credentials'],
    ['client_id', clientId],
    ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    ['scope', scope],
    ['resource', resource],
  ].filter(([, value]) => value !== undefined)
  return [
    [
      `countersign assert${assertFlags} | tr -d '\\n' | curl ${shellQuoted(String(tokenEndpoint))}`,
      ...form.map(([name, value]) => `--data-urlencode ${shellQuoted(`${name}=${value}`)}`),
      '--data-urlencode client_assertion@-',
    ].join(' \\\n  '),
    `countersign token${tokenFlags} --show header | curl --header @- ${shellQuoted(api)}`,
  ]
}
