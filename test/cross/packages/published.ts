/** Each published package: its folder, a file of its build, and an export of each entry point. */
export const published = {
  '@countersign/core': {
    ...{ folder: 'core', built: 'dist/index.js' },
    entryPoints: {
      '@countersign/core': 'createTokenProvider',
      '@countersign/core/fetch': 'authorizedFetch',
      '@countersign/core/adapter': 'createAuthorizer',
      '@countersign/core/keys': 'publicJwks',
      '@countersign/core/env': 'optionsFromEnv',
      '@countersign/core/stores': 'sealedStore',
    },
  },
  '@countersign/axios-interceptor': {
    ...{ folder: 'axios-interceptor', built: 'dist/index.js' },
    entryPoints: { '@countersign/axios-interceptor': 'addAuthorization' },
  },
  '@countersign/ky-hook': {
    ...{ folder: 'ky-hook', built: 'dist/index.js' },
    entryPoints: { '@countersign/ky-hook': 'authorizationHooks' },
  },
  '@countersign/opentelemetry': {
    ...{ folder: 'opentelemetry', built: 'dist/index.js' },
    entryPoints: { '@countersign/opentelemetry': 'openTelemetry' },
  },
  '@countersign/redis-store': {
    ...{ folder: 'redis-store', built: 'dist/index.js' },
    entryPoints: { '@countersign/redis-store': 'redisStore' },
  },
  '@countersign/testing': {
    ...{ folder: 'testing', built: 'dist/index.js' },
    entryPoints: { '@countersign/testing': 'createAuthorizationServer' },
  },
  countersign: {
    ...{ folder: 'cli', built: 'dist/bin.js' },
    entryPoints: { countersign: 'createTokenProvider' },
  },
} as const

/** The address of the repository in the packages that the tests pack. */
export const repository = 'https://example.com/countersign'

export type PackageName = keyof typeof published

export const names = Object.keys(published) as PackageName[]

export function isPackageName(name: string): name is PackageName {
  return Object.hasOwn(published, name)
}
