import type { TokenProviderOptions } from '@countersign/core'
import { shellQuoted } from './shell-words.js'

/** The flags that `assert` and `token` need again, and the API to call. */
export interface CurlSurroundings {
  readonly assertFlags: string
  readonly tokenFlags: string
  readonly api: string
}

/** The token request and a call of an API, with commands in place of secrets. */
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
      `curl ${shellQuoted(String(tokenEndpoint))}`,
      ...form.map(([name, value]) => `--data-urlencode ${shellQuoted(`${name}=${value}`)}`),
      `--data-urlencode "client_assertion=$(countersign assert${assertFlags})"`,
    ].join(' \\\n  '),
    `curl --header "Authorization: Bearer $(countersign token${tokenFlags})" ${shellQuoted(api)}`,
  ]
}
