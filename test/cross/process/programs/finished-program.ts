/** Sends a request without a token and one with a token. Prints what keeps the process after each. */
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { createTokenProvider } from '@countersign/core'
import { hosts } from '../../../support/hosts.ts'

const { HOST = '', API_ORIGIN = '', TOKEN_ENDPOINT, PRIVATE_KEY } = process.env
const { signal } = new AbortController()
const sending = { signal, ...(HOST.startsWith('axios') && { timeout: 5_000 }) }

async function outcomeOf(clientId: string): Promise<unknown> {
  const tokens = createTokenProvider({
    ...{ clientId, tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
  })
  const call =
    HOST === 'the provider'
      ? tokens.getAccessToken({ signal })
      : hosts[HOST]?.(tokens, { origins: [API_ORIGIN] }).send(`${API_ORIGIN}/x`, sending)
  const outcome = await call?.then(
    () => 'answered',
    (error: Error & { code?: string }) => error.code,
  )
  // The platform's own bookkeeping of the answer.
  for (let turn = 0; turn < 3; turn++) await setImmediate()
  return [outcome, process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap')]
}

/** The fetch never settles, and who waited for it has left. */
async function leftAlone(): Promise<unknown> {
  const leaving = new AbortController()
  const tokens = createTokenProvider({
    ...{ clientId: 'client', tokenEndpoint: TOKEN_ENDPOINT, key: PRIVATE_KEY },
    fetch: () => {
      leaving.abort()
      return new Promise(() => {})
    },
  })
  const { name } = await tokens.getAccessToken({ signal: leaving.signal }).catch((error) => error)
  return [name, process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout')]
}

console.log(
  JSON.stringify([await leftAlone(), await outcomeOf('unknown'), await outcomeOf('client')]),
)
