/**
 * axios with an adapter of the caller's own, which has no sockets: names of events, which break
 * those, stand on `Object.prototype` here too. Each result is what is the same each time.
 */
import { addAuthorization } from '@countersign/axios-interceptor'
import { staticTokenProvider } from '@countersign/testing'
import axios, { type AxiosAdapter, AxiosError } from 'axios'
import { pollutants, polluted } from '../../../support/pollutants.ts'

/** What an adapter finds on a config beside what was put there. */
let inherited: unknown[] = []

const adapter: AxiosAdapter = async (config) => {
  const stray = Object.hasOwn(config, polluting) ? undefined : Reflect.get(config, polluting)
  inherited = [stray, typeof Reflect.get(config, 'hasOwnProperty'), 'toString' in config]
  if (config.url?.endsWith('/broken')) throw new Error('broken')
  const status = config.url?.endsWith('/refused') ? 401 : 200
  return { status, statusText: '', headers: {}, config, data: config.headers.get('authorization') }
}

let polluting = 'nothing'

async function results(name: string): Promise<unknown[]> {
  polluting = name
  const tokens = staticTokenProvider('t')
  const api = axios.create({ baseURL: 'https://api.example', adapter, validateStatus: () => true })
  addAuthorization(api, tokens)
  const found: unknown[] = []
  for (const path of ['/x', '/refused', '/broken', 'https://foreign.example/x']) {
    const sent = api.get(path).then(
      ({ status, data }) => [status, data],
      (error: Error) => [error.name, error.message, error instanceof AxiosError],
    )
    found.push(await sent, inherited, tokens.invalidated.length)
  }
  return found
}

const each = {
  ...pollutants('https://evil.test'),
  ...{ error: 'polluted', data: 'polluted', timeout: 1, response: { status: 401, data: {} } },
}
const all: Record<string, unknown> = { nothing: await results('nothing') }
for (const [name, value] of Object.entries(each)) {
  all[name] = await polluted({ [name]: value }, () => results(name))
}
console.log(JSON.stringify(all))
