/** The sources that are mutated under one name, and their tests in the order of execution, as globs. */
export interface MutatedFolder {
  /** The lowest score that passes, in percent. */
  readonly leastScore: number
  /** Whether the tests run what is built, in processes of their own. */
  readonly startsProcesses?: true
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

const core = 'packages/core/src'

export const folders: Readonly<Record<string, MutatedFolder>> = {
  renewal: {
    leastScore: 97,
    mutate: [`${core}/renewal/*.ts`],
    tests: [
      'test/core/renewal/*.test.ts',
      'test/core/store/fleet.test.ts',
      'test/core/renewal/model/*.test.ts',
    ],
  },
  assertion: {
    leastScore: 88,
    mutate: [`${core}/{assertion,keys}/*.ts`],
    tests: ['test/core/{keys,assertion}/*.test.ts', 'test/core/configuration.test.ts'],
  },
  'token-endpoint': {
    leastScore: 94,
    mutate: [`${core}/{token-endpoint,diagnosis}/*.ts`],
    tests: ['test/core/{diagnosis,token-endpoint}/*.test.ts', 'test/core/configuration.test.ts'],
  },
  // With what else the entry point `adapter.ts` exports.
  resource: {
    leastScore: 94,
    mutate: [`${core}/resource/*.ts`, `${core}/adapter.ts`, `${core}/discard-body.ts`],
    tests: [
      'test/core/resource/*.test.ts',
      'test/cross/conformance/fetch.test.ts',
      'test/axios-interceptor/{adapters,attaching,origins}.test.ts',
      'test/ky-hook/*.test.ts',
    ],
  },
  'axios-interceptor': {
    leastScore: 89,
    mutate: ['packages/axios-interceptor/src/*.ts'],
    tests: [
      'test/axios-interceptor/{adapters,answered-by,attaching,attempts,caller,commonjs}.test.ts',
      'test/cross/neighbours/axios-{retry,mock-adapter}.test.ts',
      'test/axios-interceptor/*.test.ts',
      'test/cross/conformance/axios-*.test.ts',
    ],
  },
  'ky-hook': {
    leastScore: 90,
    mutate: ['packages/ky-hook/src/*.ts'],
    tests: [
      'test/ky-hook/*.test.ts',
      'test/core/resource/failing-streams.test.ts',
      'test/cross/conformance/ky*.test.ts',
      'test/cross/neighbours/ky.test.ts',
    ],
  },
  opentelemetry: {
    leastScore: 80,
    mutate: ['packages/opentelemetry/src/*.ts'],
    tests: ['test/opentelemetry/*.test.ts'],
  },
  'redis-store': {
    leastScore: 80,
    mutate: ['packages/redis-store/src/*.ts'],
    tests: ['test/redis-store/*.test.ts'],
  },
  store: {
    leastScore: 80,
    mutate: [`${core}/store/*.ts`],
    tests: ['test/core/store/*.test.ts', 'test/core/renewal/{renewal,suspect-tokens}.test.ts'],
  },
  // Without what `resource` covers, and without entry points, which only export.
  'core-root': {
    leastScore: 80,
    mutate: [`${core}/*.ts`, `!${core}/{adapter,discard-body,fetch,index,keys}.ts`],
    tests: [
      'test/core/error-names.test.ts',
      'test/core/renewal/token-cache.test.ts',
      'test/core/token-endpoint/token-client.test.ts',
      'test/core/{configuration,secrets-events}.test.ts',
      'test/core/store/{access-key.property,token-identity}.test.ts',
      'test/core/renewal/{renewal,suspect-tokens}.test.ts',
      'test/core/diagnosis/clock-skew.test.ts',
      'test/core/token-endpoint/transport-{callers,requests,stalls}.test.ts',
      'test/cross/end-to-end/{axios-logging,events}.test.ts',
    ],
  },
  testing: {
    leastScore: 80,
    mutate: ['packages/testing/src/*.ts'],
    tests: ['test/testing/*.test.ts', 'test/core/store/stores.test.ts'],
  },
  // Its tests start the command, so the mutants are built and selected by an environment variable.
  cli: {
    leastScore: 80,
    startsProcesses: true,
    mutate: ['packages/cli/src/{inspect/*,command-failure,jwk-set}.ts'],
    tests: ['test/cli/{inspect,jwks,rotation,option-notes,token}.test.ts'],
  },
}
