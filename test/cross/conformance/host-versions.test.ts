import { readFileSync } from 'node:fs'
import process from 'node:process'
import { createTokenProvider } from '@countersign/core'
import axios from 'axios'
import ky from 'ky'
import { expect, test, vi } from 'vitest'
import { clientKey } from '../../support/keys.ts'

/** Where each library's range stands: the package, and the field of its package.json. */
const users = {
  axios: ['axios-interceptor', 'peerDependencies'],
  ky: ['ky-hook', 'peerDependencies'],
  jose: ['core', 'dependencies'],
  'p-memoize': ['core', 'dependencies'],
} as const

type Library = keyof typeof users
type Versions = Record<Library, string | undefined>

const oldest = forEach((library, [name, field]) => {
  const range = manifest(`packages/${name}`)[field][library]
  return /^(?:\^|>=)(\d+\.\d+\.\d+)$/.exec(range)?.[1]
})
const newest = forEach(
  (library, [name]) => manifest(`packages/${name}/node_modules/${library}`).version,
)
const versions = new Map([
  ['oldest', oldest],
  ['newest', newest],
])

test('this run has the releases that it is named after, as the calls that they make tell', async () => {
  expect(await versionsInUse()).toEqual(versions.get(process.env.HOSTS ?? ''))
})

/** Which files call what is handed to them: axios its adapter, ky its fetch, jose the platform. */
async function versionsInUse(): Promise<Partial<Versions>> {
  const found: Partial<Versions> = {}
  const url = 'http://localhost/token'

  await axios.get(url, {
    adapter: async (config) => {
      found.axios = callerVersion('axios')
      return { config, data: '', status: 200, statusText: '', headers: {} }
    },
  })
  const fetch = async () => {
    found.ky = callerVersion('ky')
    return new Response()
  }
  await ky(url, { fetch })

  // For base64url of header and claims.
  const encodeAll = TextEncoder.prototype.encode.bind(new TextEncoder())
  using _ = vi.spyOn(TextEncoder.prototype, 'encode').mockImplementation((text) => {
    found.jose ??= callerVersion('jose')
    return encodeAll(text)
  })
  const tokens = createTokenProvider({
    clientId: 'client',
    tokenEndpoint: url,
    key: () => {
      found['p-memoize'] = callerVersion('p-memoize')
      return clientKey.privateKey
    },
    fetch: async () => Response.json({ access_token: 'a', token_type: 'Bearer', expires_in: 60 }),
  })
  await tokens.getAccessToken()
  return found
}

/** Returns the version of the package of that name whose code is on the stack. */
function callerVersion(library: Library): string | undefined {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 50
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  const [folder] = new RegExp(`/[^() ]*/node_modules/${library}(?=/)`).exec(stack) ?? []
  return folder && JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version
}

function manifest(folder: string) {
  const file = new URL(`../../../${folder}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8'))
}

function forEach(find: (library: Library, user: (typeof users)[Library]) => string | undefined) {
  const libraries = Object.keys(users) as Library[]
  return Object.fromEntries(
    libraries.map((library) => [library, find(library, users[library])]),
  ) as Versions
}
