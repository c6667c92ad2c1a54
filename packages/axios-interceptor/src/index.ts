import type { RequestAuthorization } from '@countersign/core'

export { type AuthorizableInstance, addAuthorization } from './add-authorization.js'
// The same augmentation for CommonJS programs, whose axios has declarations of its own.
export type {} from './request-config.cjs'

declare module 'axios' {
  interface AxiosRequestConfig {
    /** What this request asks for; `false` sends it untouched. */
    countersign?: RequestAuthorization | false | undefined
  }
}
