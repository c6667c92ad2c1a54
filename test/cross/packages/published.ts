/**
 * What is published: each package's folder, a file of what was built, and its entry points with
 * something that each exports.
 */
export const published = {
  '@countersign/core': {
    folder: 'core',
    built: 'dist/index.js',
    entryPoints: {
      '@countersign/core': 'createTokenProvider',
      '@countersign/core/fetch': 'authorizedFetch',
      '@countersign/core/adapter': 'createAuthorizer',
      '@countersign/core/keys': 'publicJwks',
    },
  },
  '@countersign/axios-interceptor': {
    folder: 'axios-interceptor',
    built: 'dist/index.js',
    entryPoints: { '@countersign/axios-interceptor': 'addAuthorization' },
  },
  '@countersign/ky-hook': {
    folder: 'ky-hook',
    built: 'dist/index.js',
    entryPoints: { '@countersign/ky-hook': 'authorizationHooks' },
  },
  '@countersign/testing': {
    folder: 'testing',
    built: 'dist/index.js',
    entryPoints: { '@countersign/testing': 'createAuthorizationServer' },
  },
  countersign: {
    folder: 'cli',
    built: 'dist/main.js',
    entryPoints: { countersign: 'createTokenProvider' },
  },
} as const

/** Stands for the repository's address in what the tests pack. */
export const repository = 'https://example.com/countersign'

export type PackageName = keyof typeof published

export const names = Object.keys(published) as PackageName[]

export function isPackageName(name: string): name is PackageName {
  return Object.hasOwn(published, name)
}
