import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { type Check, check } from './check.js'

const limitMillis = 10_000

/** Name, TLS and clock of the server, one after the other, without a token request. */
export async function networkChecks(tokenEndpoint: string): Promise<readonly Check[]> {
  const url = new URL(tokenEndpoint)
  const name = await nameCheck(url)
  if (name.status === 'bad') return [name]
  const tls = await tlsCheck(url)
  if (tls.status === 'bad') return [name, tls]
  return [name, tls, await clockCheck(url)]
}

async function nameCheck({ hostname }: URL): Promise<Check> {
  const { ok, bad, warning } = check('dns', 'Name of the server')
  try {
    const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''))
    return ok(`${hostname} is ${address}.`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const say = isProxied() ? warning : bad
    return say(`The name ${hostname} cannot be resolved (${code}): check its spelling and the DNS.`)
  }
}

async function tlsCheck({ protocol, hostname, port }: URL): Promise<Check> {
  const { ok, bad, warning, skipped } = check('tls', 'TLS')
  if (protocol === 'http:') return skipped('The token endpoint is plain http.')
  if (isProxied()) return skipped('The way there is through a proxy.')
  const host = hostname.replace(/^\[|\]$/g, '')
  const isName = !/^[\d.]+$|:/.test(host)
  const socket = connect({
    ...{ host, port: Number(port || 443), rejectUnauthorized: false },
    ...(isName && { servername: host }),
  })
  try {
    const signal = AbortSignal.timeout(limitMillis)
    await once(socket, 'secureConnect', { signal })
    const said = certificateText(socket)
    if (socket.authorized) return ok(said)
    return bad(
      `The certificate is not accepted (${socket.authorizationError}): ${said} Give a company CA through NODE_EXTRA_CA_CERTS.`,
    )
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException
    return warning(`No TLS connection came about (${code ?? name}).`)
  } finally {
    socket.destroy()
  }
}

function certificateText(socket: TLSSocket): string {
  const { subject, issuer, valid_to: until } = socket.getPeerCertificate()
  const one = (value: string | string[] | undefined) => String(value ?? 'nobody').slice(0, 100)
  return `The certificate of ${one(subject?.CN)} by ${one(issuer?.CN ?? issuer?.O)} is valid until ${until}.`
}

/** By the `Date` of an answer that is no token response. */
async function clockCheck({ origin }: URL): Promise<Check> {
  const { ok, warning, skipped } = check('clock', 'Clock')
  const sentAt = Date.now()
  let date: string | null
  try {
    const signal = AbortSignal.timeout(limitMillis)
    const response = await fetch(origin, { method: 'HEAD', redirect: 'manual', signal })
    date = response.headers.get('date')
  } catch {
    return skipped('The server did not say what time it is.')
  }
  const second = Date.parse(date ?? '')
  if (Number.isNaN(second)) return skipped('The server did not say what time it is.')
  const late = sentAt - (second + 999)
  const early = second - Date.now()
  const off = Math.max(late, early, 0)
  if (off < 5_000) return ok("It agrees with the server's.")
  const seconds = Math.round(off / 1000)
  const side = late > early ? 'ahead of' : 'behind'
  return warning(`The clock here is ${seconds} s ${side} the server's Date: set it right.`)
}

/** Node's fetch heeds the proxy variables only then. */
function isProxied(): boolean {
  const { NODE_USE_ENV_PROXY, NODE_OPTIONS = '' } = process.env
  const flags = [...process.execArgv, ...NODE_OPTIONS.split(/\s+/)]
  return NODE_USE_ENV_PROXY === '1' || flags.includes('--use-env-proxy')
}
