import { snapshot } from '../snapshot.js'
import {
  compareAudience,
  type Evidence,
  isAboutAssertion,
  isRetryableStatus,
  isSkewed,
} from './evidence.js'
import { hideQuery, showValue } from './server-text.js'

/** What may be the cause of a rejection. Its weight is that of the first member that applies. */
interface Cause {
  /** Weight 3: the server's own words, in lower case. */
  readonly words?: RegExp
  /**
   * The status and the error code (or `<page>` or `<none>` in place of it), and the weight. 4:
   * certain; 3: stated by the server; 2: known on this side; 1: usual.
   */
  readonly answer?: readonly [RegExp, weight: number]
  /** The weight by everything else that is known. */
  readonly weigh?: (evidence: Evidence) => number
  /** What to check or do, in one sentence without a secret. */
  readonly hint: string | ((evidence: Evidence) => string)
  /** The option to check, as named in the options object. */
  readonly option?: string
}

const unknownKey = /\bkid\b|key.?id|no \w+ key/
/** Not about a registered credential, such as a certificate, which expires as well. */
const time =
  /\b(exp|iat|nbf)\b|(?<!\b(key|certificate|secret|credential|registration)s?\b(?!.?id)[^.:;,(]*)expir|not (yet )?active|not yet valid|future|in the past/
/** Some servers send `unauthorized_client` in place of `invalid_client`. */
const rejected = /^(?!408|425|429|5)\d+ (invalid_client|invalid_grant|unauthorized_client)$/

/** Of causes with the same weight, the first counts. */
export const causes: readonly Cause[] = [
  {
    answer: [/^(?!404|405|408|410|415|425|429|5)\d+ </, 1],
    hint: 'The server gave no reason: check aud, kid, lifetime, scope, and that it accepts this address.',
  },
  {
    weigh: (evidence) =>
      isSkewed(evidence.clockOffset) && isAboutAssertion(evidence)
        ? weighWords(evidence, time) || 2
        : 0,
    hint: ({ clockOffset = 0, isCorrected }) =>
      `The clock here is ${Math.round(Math.abs(clockOffset) / 1000)} s ${clockOffset > 0 ? 'behind' : 'ahead of'} the server's Date${isCorrected ? ', and correcting that did not help' : ': set it right'}.`,
  },
  {
    words: /\bjti\b|replay|used (before|once)|(already|been) used/,
    hint: 'The assertion arrived twice (its jti was used): a retrying fetch or proxy resends it.',
  },
  {
    weigh: (evidence) =>
      isAboutAssertion(evidence) && hasNewKey(evidence) ? weighWords(evidence, unknownKey) || 2 : 0,
    hint: ({ sent: { kid = 'none' } }) =>
      `The key (kid ${showValue(kid, 64)}) is new: the server has not read the new JWK Set yet.`,
  },
  {
    words: /signature(?!.?alg)|certificate|^(?!.*\bkid\b).*public key/,
    answer: [rejected, 1],
    hint: ({ sent: { thumbprint } }) =>
      `The public key is not registered for this client ID${thumbprint === undefined ? '' : ` (thumbprint ${thumbprint})`}.`,
  },
  {
    words: unknownKey,
    answer: [rejected, 1],
    // Without a kid some servers answer with an error status and nothing else.
    weigh: (evidence) => (evidence.sent.kid === undefined && isAboutAssertion(evidence) ? 1 : 0),
    hint: ({ sent }) =>
      sent.kid === undefined
        ? "The server requires a kid: set the option 'kid'."
        : `The kid ${showValue(sent.kid, 64)} is not known for this client: register it, or correct the option 'kid'.`,
    option: 'kid',
  },
  {
    words: /\balg(orithm)?\b/,
    hint: ({ sent: { alg } }) => `The alg ${alg} is not the registered one: set the option 'alg'.`,
    option: 'alg',
  },
  {
    // Not the audience of the access token, which a form field requests.
    words: /\baud\b|(?<!requested |default )\baudience\b(?! parameter)/,
    weigh: (evidence) => suspect(evidence, evidence.sent.audience !== evidence.tokenEndpoint),
    hint: ({ sent: { audience }, tokenEndpoint }) => {
      const difference = compareAudience(audience, tokenEndpoint)
      return difference === undefined
        ? 'The server expects another aud, such as its issuer: set assertion.audience.'
        : `The aud ${showValue(hideQuery(audience), 80)} ${differences[difference]}: check assertion.audience.`
    },
    option: 'assertion.audience',
  },
  {
    words: /lifetime|too (long|far(?! in the past))|more than \d+ ?s|ahead/,
    weigh: (evidence) => (evidence.sent.lifetimeSeconds > 60 ? suspect(evidence, true) : 0),
    hint: ({ sent: { lifetimeSeconds } }) =>
      `The lifetime of ${lifetimeSeconds} s exceeds the server's limit: lower assertion.lifetimeSeconds.`,
    option: 'assertion.lifetimeSeconds',
  },
  {
    words: time,
    answer: [/ invalid_grant$/, 2],
    hint: ({ sent: { lifetimeSeconds } }) =>
      `The assertion was not valid when it arrived (lifetime ${lifetimeSeconds} s): check both clocks.`,
  },
  {
    words:
      /\b(client|application)(?!.?assertion)\b.{0,60}\b(not (found|registered|known|exist)|unknown|disabled)|(unknown|no such) client/,
    hint: ({ sent: { clientId } }) =>
      `The client ID ${showValue(clientId, 64)} is not known there: check it, and the environment of the token endpoint.`,
    option: 'clientId',
  },
  {
    // A method that is not the registered one, or a secret in place of the assertion.
    words:
      /client_secret_(basic|post|jwt)|token_endpoint_auth_method|invalid client secret|authentication (method|mechanism)(?=.*\b(match|registered|allowed|permitted|supported)\b)|(unsupported|unexpected) (client )?authentication method/,
    hint: 'The client is registered for another method: set its token_endpoint_auth_method to private_key_jwt.',
  },
  { answer: [/^429/, 4], hint: 'Too many token requests: share one provider per client ID.' },
  {
    answer: [/^(408|425|5(?!01))/, 4],
    hint: 'The authorization server is failing: later calls will retry.',
  },
  {
    answer: [/^(404|405|410|415|501)/, 4],
    hint: ({ tokenEndpoint }) =>
      `The path ${showValue(new URL(tokenEndpoint).pathname, 80)} is not a token endpoint: check the option 'tokenEndpoint'.`,
    option: 'tokenEndpoint',
  },
  {
    answer: [/^407 <|^(?!404|405|410|415|5).* <page>$/, 2],
    hint: 'A login page, a proxy or a firewall answered in place of the token endpoint.',
  },
  {
    answer: [/^5(?!01).* <page>$/, 1],
    hint: 'Some servers answer like this to a kid that they do not know.',
  },
  {
    answer: [/ .*dpop/, 3],
    words: /dpop/,
    hint: 'The client is configured for DPoP, which is not supported yet: switch it to Bearer tokens.',
  },
  {
    words:
      /no client authentication mechanism|client_assertion(_type)? (format|is missing|must be (provided|set))|(must contain|missing)[^.]*client_assertion|'client_assertion'.* is required/,
    hint: 'The client_assertion did not arrive intact: a proxy may rewrite the form body.',
  },
  {
    answer: [/ .*scope/, 3],
    words: /\bscopes?\b/,
    hint: 'A scope is misspelt or not granted to this client.',
    option: 'scope',
  },
  {
    answer: [/ invalid_target$/, 3],
    words: /\bresource\b/,
    hint: 'The server does not know the resource.',
    option: 'resource',
  },
  {
    answer: [/ (unauthorized_client|unsupported_grant_type)$/, 2],
    words: /grant.?type|client_credentials/,
    hint: 'The client or the server does not allow the client_credentials grant.',
  },
  {
    answer: [/ invalid_request$/, 2],
    words: /(requested|default) audience|audience parameter/,
    hint: 'A parameter that the server requires is missing, or it rejects one that was sent.',
  },
]

const differences = {
  slash: 'differs from the token endpoint by the slash at its end',
  host: 'is on another host than the token endpoint',
  issuer: 'looks like the issuer, not the token endpoint',
  other: 'is not the token endpoint',
} as const

/**
 * Returns the likely causes of a rejection, most likely first, three at most, and the names of the
 * options that they are about. If the server's own words name one, usual causes are left out.
 */
export function diagnose(evidence: Evidence) {
  const weighed = causes
    .map((cause) => ({ ...cause, weight: computeWeight(snapshot(cause), evidence) }))
    .sort((one, other) => other.weight - one.weight)
  const most = weighed[0]?.weight
  const likely = weighed.filter(({ weight }) => weight >= (most === 3 ? 2 : 1)).slice(0, 3)
  return {
    isCertain: most === 4,
    hints: likely.map(({ hint }) => (typeof hint === 'string' ? hint : hint(evidence))),
    options: likely.flatMap((cause) => snapshot(cause).option ?? []),
  }
}

function computeWeight({ words, answer, weigh }: Cause, evidence: Evidence): number {
  const { status, error, isHtml } = evidence
  if (words !== undefined && weighWords(evidence, words) > 0) return 3
  const [pattern, weight = 0] = answer ?? []
  if (pattern?.test(`${status} ${error ?? (isHtml ? '<page>' : '<none>')}`)) return weight
  return weigh?.(evidence) ?? 0
}

const examples = /\(e\.g\.[^)]*\)?|unknown client, no client authentication included.*/g

/**
 * Returns 3 if the server's own words match. The words of a busy server do not count, and neither do the
 * examples of RFC 6749 section 5.2, which some servers repeat. Some error codes decide alone.
 */
function weighWords({ status, error = '', description = '' }: Evidence, words: RegExp): number {
  if ((isRetryableStatus(status) && status !== 500) || /scope|target|resource|dpop/.test(error))
    return 0
  return words.test(description.toLowerCase().replace(examples, '')) ? 3 : 0
}

/** Raises the weight of an unusual value, unless the server accepted it before. */
function suspect(evidence: Evidence, isUnusual: boolean): number {
  if (isUnusual && evidence.accepted === undefined && isAboutAssertion(evidence)) return 2
  return rejected.test(`${evidence.status} ${evidence.error}`) ? 1 : 0
}

function hasNewKey({ accepted, sent }: Evidence): boolean {
  return (
    accepted !== undefined && (accepted.kid !== sent.kid || accepted.thumbprint !== sent.thumbprint)
  )
}
