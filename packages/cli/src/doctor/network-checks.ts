import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { type Check, createCheck } from './report.js'

const limitMillis = 10_000

/** Checks name, TLS and clock of the server without a token request. */
export async function checkNetwork(tokenEndpoint: string): Promise<readonly Check[]> {
  const url = new URL(tokenEndpoint)
  const checks: Check[] = []
  for (const check of [checkName, checkTls, checkClock]) {
    checks.push(await check(url))
    if (checks.at(-1)?.status === 'bad') break
  }
  return checks
}

async function checkName({ hostname }: URL): Promise<Check> {
  const { ok, bad, warning } = createCheck('dns', 'Server name')
  try {
    const { address } = await lookup(stripBrackets(hostname))
    return ok(`${hostname} is ${address}.`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const create = isProxied() ? warning : bad
    return create(`${hostname} cannot be resolved (${code}). Check its spelling and your DNS.`)
  }
}

async function checkTls({ protocol, hostname, port }: URL): Promise<Check> {
  const { ok, bad, warning, skipped } = createCheck('tls', 'TLS')
  if (protocol === 'http:') return skipped('The token endpoint is plain http.')
  if (isProxied()) return skipped('The connection goes through a proxy.')
  const host = stripBrackets(hostname)
  const isName = !/^[\d.]+$|:/.test(host)
  const socket = connect({
    host,
    port: Number(port || 443),
    rejectUnauthorized: false,
    ...(isName && { servername: host }),
  })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(limitMillis) })
    const certificate = describeCertificate(socket)
    if (socket.authorized) return ok(certificate)
    return bad(
      `The certificate is not trusted (${socket.authorizationError}). ${certificate} Set NODE_EXTRA_CA_CERTS to a company CA.`,
    )
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException
    return warning(`TLS connection failed (${code ?? name}).`)
  } finally {
    socket.destroy()
  }
}

function describeCertificate(socket: TLSSocket): string {
  const { subject, issuer, valid_to: until } = socket.getPeerCertificate()
  const shorten = (name?: string | string[]) => String(name ?? 'unknown').slice(0, 100)
  return `The certificate of ${shorten(subject?.CN)}, issued by ${shorten(issuer?.CN ?? issuer?.O)}, is valid until ${until}.`
}

/** Compares with the `Date` of a response to `HEAD`. */
async function checkClock({ origin }: URL): Promise<Check> {
  const { ok, warning, skipped } = createCheck('clock', 'Clock')
  const sentAt = Date.now()
  const signal = AbortSignal.timeout(limitMillis)
  const request = fetch(origin, { method: 'HEAD', redirect: 'manual', signal })
  const date = await request.then(({ headers }) => headers.get('date')).catch(() => null)
  const second = Date.parse(date ?? '')
  if (Number.isNaN(second)) return skipped('The server sent no Date.')
  const late = sentAt - (second + 999)
  const early = second - Date.now()
  const off = Math.max(late, early, 0)
  if (off < 5_000) return ok("It agrees with the server's.")
  const side = late > early ? 'ahead of' : 'behind'
  return warning(`The clock here is ${Math.round(off / 1000)} s ${side} the server's Date. Set it.`)
}

function stripBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** Node's fetch ignores the proxy variables without this setting. */
function isProxied(): boolean {
  const { NODE_USE_ENV_PROXY, NODE_OPTIONS = '' } = process.env
  const flags = [...process.execArgv, ...NODE_OPTIONS.split(/\s+/)]
  return NODE_USE_ENV_PROXY === '1' || flags.includes('--use-env-proxy')
}
