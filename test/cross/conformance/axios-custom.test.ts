import { request } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import axios, { type AxiosAdapter, AxiosError, CanceledError } from 'axios'
import { adapterSuite } from './adapter.ts'
import { axiosHost } from './axios-host.ts'

/** An adapter as a user may write one: node:http, no redirects, plain header objects. */
const custom: AxiosAdapter = (config) =>
  new Promise((resolve, reject) => {
    const { signal, timeout, method, data } = config
    const headers = { ...config.headers.toJSON() } as Record<string, string>
    const sent = request(axios.getUri(config), { method: method?.toUpperCase() ?? 'GET', headers })
    const end = (error: Error) => {
      sent.destroy()
      reject(error)
    }
    signal?.addEventListener?.('abort', () => end(new CanceledError(undefined, config)))
    if (timeout) {
      const late = new AxiosError(`timeout of ${timeout}ms exceeded`, 'ECONNABORTED', config)
      sent.setTimeout(timeout, () => end(late))
    }
    sent.once('error', (error) => reject(new AxiosError(error.message, 'ERR_NETWORK', config)))
    sent.once('response', async (answer) => {
      const { statusCode: status = 0, statusMessage: statusText = '' } = answer
      const plain = answer.headers as Record<string, string>
      const response = { status, statusText, headers: plain, config, data: await text(answer) }
      if (config.validateStatus?.(status) !== false) return resolve(response)
      return reject(new AxiosError(`${status}`, 'ERR_BAD_REQUEST', config, undefined, response))
    })
    if (data === undefined || data === null) sent.end()
    else if (data instanceof FormData || data instanceof Blob) sendWebBody(data)
    else if (data instanceof Readable || typeof data.pipe === 'function') data.pipe(sent)
    else sent.end(data instanceof ArrayBuffer ? Buffer.from(data) : data)

    async function sendWebBody(body: FormData | Blob): Promise<void> {
      const web = new Response(body)
      sent.setHeader('content-type', web.headers.get('content-type') ?? '')
      sent.end(Buffer.from(await web.arrayBuffer()))
    }
  })

adapterSuite(axiosHost(custom, { name: 'custom adapter', redirects: false }))
