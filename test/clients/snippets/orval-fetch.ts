import { API_ORIGIN, api } from './tokens.js'

/** The mutator of orval.config.ts: `override: { mutator: { path: './orval-fetch.ts', name: 'send' } }`. */
export async function send<T>(url: string, init: RequestInit): Promise<T> {
  const response = await api(`${API_ORIGIN}${url}`, init)
  return { status: response.status, data: await response.json(), headers: response.headers } as T
}
