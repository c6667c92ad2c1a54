/**
 * What is mutated under one name, and which tests are about it, in the order in which they run: the
 * first failure ends a run. Globs from the root.
 */
export interface MutatedFolder {
  /** The lowest score that passes, in percent. */
  readonly leastScore: number
  /** Whether the tests run what is built, in processes of their own. */
  readonly startsProcesses?: true
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

export type FolderName =
  | 'assertion'
  | 'axios-interceptor'
  | 'cli'
  | 'core-root'
  | 'ky-hook'
  | 'renewal'
  | 'resource'
  | 'store'
  | 'testing'
  | 'token-endpoint'

const core = 'packages/core/src'

export const folders: Readonly<Record<FolderName, MutatedFolder>> = {
  renewal: {
    leastScore: 97,
    mutate: [`${core}/renewal/*.ts`],
    tests: [
      'test/unit/core/{freshness,hold-off,refusal,single-flight,token-cache}.test.ts',
      'test/matrix/{cache,storms}.test.ts',
    ],
  },
  assertion: {
    leastScore: 88,
    mutate: [`${core}/{assertion,keys}/*.ts`],
    tests: [
      'test/matrix/{keys,crypto-keys,jwk-sets,key-dresses,key-functions,remote-signers}.test.ts',
      'test/unit/core/{key-formats,public-jwks}.test.ts',
      'test/generated/signature-form.test.ts',
      'test/matrix/{assertion,assertion-key-import,configuration}.test.ts',
      'test/conformance/signer-local.test.ts',
    ],
  },
  'token-endpoint': {
    leastScore: 94,
    mutate: [`${core}/{token-endpoint,diagnosis}/*.ts`],
    tests: [
      'test/unit/core/{audience,clock-skew,diagnosis,error-response,proxy-variable,retry}.test.ts',
      'test/unit/core/{server-text,token-client,token-response,transport-failure}.test.ts',
      'test/generated/token-response.test.ts',
      'test/matrix/{clock-skew,configuration,diagnosis,error-response,token-response}.test.ts',
      'test/matrix/transport-*.test.ts',
    ],
  },
  // With what else the entry point `adapter.ts` exports.
  resource: {
    leastScore: 94,
    mutate: [`${core}/resource/*.ts`, `${core}/adapter.ts`, `${core}/discard-body.ts`],
    tests: [
      'test/unit/core/{authorized-fetch,authorizer,authorizer-refusals,base-origin,bearer-challenge}.test.ts',
      'test/unit/core/{body-copy,discard-body,redirect-safety,replayable-body}.test.ts',
      'test/generated/{bearer-challenge,origin-rule}.test.ts',
      'test/matrix/origins.test.ts',
      'test/conformance/fetch*.test.ts',
    ],
  },
  'axios-interceptor': {
    leastScore: 89,
    mutate: ['packages/axios-interceptor/src/*.ts'],
    tests: [
      'test/conformance/axios-{adapters,attaching,attempts,caller,commonjs,redirects}.test.ts',
      'test/neighbours/axios-{retry,mock-adapter}.test.ts',
      'test/conformance/axios-*.test.ts',
    ],
  },
  'ky-hook': {
    leastScore: 90,
    mutate: ['packages/ky-hook/src/*.ts'],
    tests: ['test/conformance/ky*.test.ts', 'test/neighbours/ky.test.ts'],
  },
  store: {
    leastScore: 80,
    mutate: [`${core}/store/*.ts`],
    tests: [
      'test/generated/token-key.test.ts',
      'test/conformance/token-store.test.ts',
      'test/interop/shared-store.test.ts',
      'test/matrix/cache.test.ts',
    ],
  },
  // Without what `resource` covers, and without entry points, which only export.
  'core-root': {
    leastScore: 80,
    mutate: [`${core}/*.ts`, `!${core}/{adapter,discard-body,fetch,index,keys}.ts`],
    tests: [
      'test/unit/core/{error-names,thumbprint,token-cache,token-client}.test.ts',
      'test/matrix/{configuration,cache,clock-skew,renewal,secrets-events}.test.ts',
      'test/matrix/transport-{callers,requests,stalls}.test.ts',
      'test/interop/{axios-logging,events}.test.ts',
    ],
  },
  testing: {
    leastScore: 80,
    mutate: ['packages/testing/src/*.ts'],
    tests: ['test/unit/testing/*.test.ts', 'test/conformance/token-store.test.ts'],
  },
  // Its tests start the command, so the mutants are built and selected by an environment variable.
  cli: {
    leastScore: 80,
    startsProcesses: true,
    mutate: ['packages/cli/src/{inspect/*,command-failure,jwk-set,options,output}.ts'],
    tests: ['test/cli/{inspect,jwks,rotation,option-notes,token}.test.ts'],
  },
}
