import type axios from 'axios'

declare module 'axios' {
  interface AxiosRequestConfig {
    /** What this request asks for; `false` sends it untouched. */
    countersign?:
      | import('@countersign/core', { with: { 'resolution-mode': 'import' }}).RequestAuthorization
      | false
  }
}

/** Keeps the import above in the declarations, where the augmentation needs it. */
export type Config = axios.AxiosRequestConfig
