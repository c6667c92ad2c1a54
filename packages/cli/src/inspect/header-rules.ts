import { isAssertionType } from '@countersign/testing'
import { type Finding, judge, quoted } from './finding.js'

type Header = Readonly<Record<string, unknown>>

/** Whether the signature is of a kind that a client with a key pair makes. */
export function algorithm(
  header: Header,
  { algorithms, title }: { algorithms: readonly string[]; title: string },
): Finding {
  const alg = judge('alg', 'RFC 7518 section 3.1')
  const value = own(header, 'alg')
  if (typeof value !== 'string') return alg.error('There is no alg.')
  if (/^none$/i.test(value))
    return judge('alg', 'RFC 8725 section 3.2').error('The alg is none: nothing is signed.')
  if (value.startsWith('HS'))
    return alg.error(
      `The alg is ${quoted(value)}, signed with a shared secret instead of a key pair.`,
    )
  if (algorithms.includes(value)) return alg.ok(`The alg is ${value}.`)
  const message = `The alg is ${quoted(value)}, and ${title} ${algorithms.join(', ')}.`
  return title === generally ? alg.warning(message) : alg.error(message)
}

/** In place of the name of a provider. */
export const generally = 'usual are'

/** Whether `typ` says what this is. */
export function assertionType(header: Header): Finding {
  const typ = judge('typ', 'RFC 7519 section 5.1')
  const value = own(header, 'typ')
  if (value === undefined) return typ.warning('There is no typ: some servers ask for "JWT".')
  return isAssertionType(value)
    ? typ.ok(`The typ is ${value}.`)
    : typ.error(`The typ is ${quoted(value)}, and must name a client assertion, such as "JWT".`)
}

/** Whether the key is named. */
export function keyId(header: Header): Finding {
  const kid = judge('kid', 'RFC 7515 section 4.1.4')
  const value = own(header, 'kid')
  if (value === undefined)
    return kid.ok('There is no kid, which serves while one key is registered.')
  return typeof value === 'string' && value !== ''
    ? kid.ok(`The kid is ${quoted(value)}: the server must know the key by this name.`)
    : kid.error(`The kid must be a string, and is ${quoted(value)}.`)
}

function own(header: Header, name: string): unknown {
  return Object.hasOwn(header, name) ? header[name] : undefined
}
