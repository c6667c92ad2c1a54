import type { RequestAuthorization } from '@countersign/core'

export { type AuthorizableInstance, addAuthorization } from './add-authorization.js'
export { retryCondition } from './retry-condition.js'

declare module 'axios' {
  interface AxiosRequestConfig {
    /** What this request asks for; `false` sends it untouched. */
    countersign?: RequestAuthorization | false | undefined
  }
}
