/** What is published: each package's folder, and its entry points with something that each exports. */
export const published = {
  '@countersign/core': {
    folder: 'core',
    entryPoints: {
      '@countersign/core': 'createTokenProvider',
      '@countersign/core/fetch': 'authorizedFetch',
      '@countersign/core/adapter': 'createAuthorizer',
      '@countersign/core/keys': 'publicJwks',
    },
  },
  '@countersign/axios-interceptor': {
    folder: 'axios-interceptor',
    entryPoints: { '@countersign/axios-interceptor': 'addAuthorization' },
  },
  '@countersign/ky-hook': {
    folder: 'ky-hook',
    entryPoints: { '@countersign/ky-hook': 'authorizationHooks' },
  },
  '@countersign/testing': {
    folder: 'testing',
    entryPoints: { '@countersign/testing': 'createAuthorizationServer' },
  },
} as const

export type PackageName = keyof typeof published

export const names = Object.keys(published) as PackageName[]

export function isPackageName(name: string): name is PackageName {
  return Object.hasOwn(published, name)
}
