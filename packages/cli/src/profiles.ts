/** What a provider asks of a client. */
export interface Profile {
  readonly title: string
  readonly tokenEndpoint: string
  /** The `aud` of an assertion. */
  readonly audience: string
  readonly algorithms: readonly string[]
  readonly maxLifetimeSeconds: number
}

export const profiles: Readonly<Record<string, Profile>> = {
  'jack-henry': {
    title: 'Jack Henry (Banno)',
    tokenEndpoint: 'https://login.jackhenry.com/a/oidc-provider/api/v0/token',
    audience: 'https://login.jackhenry.com/a/oidc-provider/api/v0/token',
    algorithms: ['ES256', 'PS256', 'RS256'],
    maxLifetimeSeconds: 300,
  },
}
