import type { TokenProviderOptions } from '@countersign/core'

/** The token request and a call of an API, with commands in place of secrets. */
export function curlLines({
  clientId,
  tokenEndpoint,
  scope,
  resource,
}: TokenProviderOptions): readonly string[] {
  const form = [
    ['grant_type', 'client_credentials'],
    ['client_id', clientId],
    ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
    ['scope', scope],
    ['resource', resource],
  ].filter(([, value]) => value !== undefined)
  return [
    [
      `curl ${quoted(String(tokenEndpoint))}`,
      ...form.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`),
      '--data-urlencode "client_assertion=$(countersign assert)"',
    ].join(' \\\n  '),
    'curl --header "Authorization: Bearer $(countersign token)" https://api.example.com/',
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
