import { addAuthorization } from '@countersign/axios-interceptor'
import type { AuthorizationOptions, TokenSource } from '@countersign/core'
import { staticTokenProvider } from '@countersign/testing'
import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'

export const baseURL = 'https://a.test'

export type Reply = {
  readonly status: number
  readonly headers?: AxiosResponse['headers'] | undefined
}

/** An adapter that notes what it is given, and answers with these in turn. */
export function scripted(...replies: readonly Reply[]) {
  const sent: InternalAxiosRequestConfig[] = []
  const adapter: AxiosAdapter = async (config) => {
    sent.push({ ...config, headers: new AxiosHeaders(config.headers) })
    const reply = replies[sent.length - 1] ?? { status: 200 }
    return { data: '', statusText: '', headers: {}, ...reply, config } as AxiosResponse
  }
  return { adapter, sent, stamps: () => sent.map(({ headers }) => headers.get('authorization')) }
}

/** Returns tokens t1, t2, …, each current until it is rejected. */
function renewingTokens(): TokenSource {
  let count = 1
  return {
    ...staticTokenProvider(),
    currentAccessToken: undefined as never,
    getAccessToken: async () => ({
      ...(await staticTokenProvider(`t${count}`).getAccessToken()),
    }),
    invalidate: () => {
      count += 1
    },
  }
}

export function attached(
  replies: readonly Reply[] = [],
  options: Partial<AuthorizationOptions<AxiosResponse>> = {},
) {
  const script = scripted(...replies)
  const instance = axios.create({ baseURL, adapter: script.adapter, validateStatus: null })
  addAuthorization(instance, renewingTokens(), options)
  return { instance, ...script }
}
