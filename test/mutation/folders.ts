/**
 * What is mutated under one name, and which tests are about it, in the order in which they run: the
 * first failure ends a run. Globs from the root.
 */
export interface MutatedFolder {
  readonly mutate: readonly string[]
  readonly tests: readonly string[]
}

export type FolderName =
  | 'assertion'
  | 'axios-interceptor'
  | 'ky-hook'
  | 'renewal'
  | 'resource'
  | 'token-endpoint'

const core = 'packages/core/src'

export const folders: Readonly<Record<FolderName, MutatedFolder>> = {
  renewal: {
    mutate: [`${core}/renewal/*.ts`],
    tests: [
      'test/unit/core/{freshness,hold-off,refusal,single-flight,token-keeper}.test.ts',
      'test/matrix/{cache,storms}.test.ts',
    ],
  },
  assertion: {
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
    mutate: [`${core}/token-endpoint/*.ts`],
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
    mutate: ['packages/axios-interceptor/src/*.ts'],
    tests: [
      'test/conformance/axios-{adapters,attaching,attempts,caller,commonjs,redirects}.test.ts',
      'test/neighbours/axios-{retry,mock-adapter}.test.ts',
      'test/conformance/axios-*.test.ts',
    ],
  },
  'ky-hook': {
    mutate: ['packages/ky-hook/src/*.ts'],
    tests: ['test/conformance/ky*.test.ts', 'test/neighbours/ky.test.ts'],
  },
}
