/** What is used of miniflare: types are checked also where it is not installed. */
declare module 'miniflare' {
  export interface WorkerOptions {
    readonly name: string
    readonly modules: readonly { type: 'ESModule'; path: string; contents: string }[]
    readonly compatibilityDate: string
    readonly compatibilityFlags: readonly string[]
    readonly routes: readonly string[]
    readonly bindings: Readonly<Record<string, unknown>>
  }

  export class Miniflare {
    constructor(options: { readonly workers: readonly WorkerOptions[]; readonly cf: false })
    dispatchFetch(
      url: string,
      init: { method: string; body: string; signal: AbortSignal },
    ): Promise<Response>
    dispose(): Promise<void>
  }
}
