import { addAuthorization } from '@countersign/axios-interceptor'
import { isCountersignError } from '@countersign/core'
import axios, { type AxiosAdapter, type AxiosRequestConfig, type AxiosResponse } from 'axios'
import FormData from 'form-data'
import type { Answered, Call, HostUnderTest } from './host.ts'
import { nodeStream, webStream } from './one-shot-bodies.ts'

/** An existing instance, and one line. */
export function axiosHost(
  adapter: 'http' | 'fetch' | AxiosAdapter,
  { name, redirects = true }: { name: string; redirects?: boolean },
): HostUnderTest {
  return {
    name: `axios ${axios.VERSION}, ${name}`,
    redirects,
    showsRedirects: adapter === 'http',
    client({ tokens, baseUrl, isTokenRejected: check, ...rest }) {
      const isTokenRejected = check && ((response: AxiosResponse) => check(answered(response)))
      const options = { ...rest, ...(isTokenRejected && { isTokenRejected }) }
      const instance = axios.create({ baseURL: baseUrl, adapter })
      addAuthorization(instance, tokens, options)
      return {
        send: (call) => instance.request(toConfig(call, adapter)).then(answered, rejected),
        attachAgain: ({ tokens: others = tokens, origins = options.origins } = {}) =>
          void addAuthorization(instance, others, { ...options, origins }),
      }
    },
    oneShotBodies: oneShotBodies(adapter),
    isAbort: (error) => axios.isCancel(error) && axios.isAxiosError(error) && 'config' in error,
    isTimeout: (error) =>
      axios.isAxiosError(error) &&
      (error.code === 'ECONNABORTED' || error.code === 'ETIMEDOUT') &&
      /^timeout /.test(error.message),
    tokenFailure: (error) =>
      axios.isAxiosError(error) && isCountersignError(error.cause) ? error.cause : undefined,
  }
}

/** axios makes JSON of an async iterable; what else it sends depends on the adapter. */
function oneShotBodies(adapter: unknown): HostUnderTest['oneShotBodies'] {
  const form = () => {
    const form = new FormData()
    form.append('a', 'streamed text')
    return form
  }
  if (adapter === 'fetch') return { 'a Node stream': nodeStream, 'a web stream': webStream }
  return { 'a Node stream': nodeStream, 'a form of the form-data package': form }
}

function toConfig({ json, body, headers, ...call }: Call, adapter: unknown): AxiosRequestConfig {
  // As postForm does; axios 1.12 with the fetch adapter gets a form's header right by itself only.
  const form = body instanceof globalThis.FormData && {
    'content-type': adapter === 'fetch' ? false : 'multipart/form-data',
  }
  return {
    ...call,
    headers: { ...form, ...headers } as unknown as Record<string, string>,
    data: json ?? body,
    responseType: 'text',
    transformResponse: (data) => data,
  }
}

function answered({ status, data }: { status: number; data: string }): Answered {
  return { status, text: data }
}

function rejected(error: unknown): Answered {
  if (axios.isAxiosError(error) && error.response) return answered(error.response)
  throw error
}
