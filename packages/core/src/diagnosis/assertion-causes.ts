import {
  type Cause,
  type Evidence,
  isAboutAssertion,
  isFinal,
  isSkewed,
  isWrongUrl,
  named as namedAnyhow,
} from './evidence.js'
import { shortClientId, shownAudience, shownKid } from './sent-assertion.js'

/** What may be wrong with an assertion. Of equal weight the first counts. */
export const assertionCauses: readonly Cause[] = [
  {
    weight: (evidence) => (isBareRefusal(evidence) ? 1 : 0),
    say: () => 'A bad assertion (aud, kid, exp, scope).',
  },
  { weight: clockWeight, say: clockOff },
  {
    weight: (evidence) => named(evidence, /\bjti\b|replay|used (before|once)|(already|been) used/),
    say: () =>
      'The assertion arrived twice (its jti was used): a retrying fetch or proxy resends it.',
  },
  {
    weight: newKeyWeight,
    say: ({ sent }) =>
      `The key (kid ${shownKid(sent.kid)}) is not the one accepted last: the server has not read the new JWK Set yet.`,
  },
  {
    weight: (evidence) => named(evidence, wrongKey) || usual(evidence),
    say: ({ sent: { thumbprint } }) =>
      `The public key is not registered for this client id${thumbprint === undefined ? '' : ` (thumbprint ${thumbprint})`}.`,
  },
  {
    weight: (evidence) => named(evidence, unknownKey) || kidWeight(evidence),
    say: ({ sent: { kid } }) =>
      kid === undefined
        ? "The server wants a kid, and none was sent: set the option 'kid'."
        : `The kid ${shownKid(kid)} is not known for this client: register it, or correct the option 'kid'.`,
    option: 'kid',
  },
  {
    weight: (evidence) => named(evidence, /\balg(orithm)?\b/),
    say: ({ sent: { alg } }) =>
      `The alg ${alg} is not what is registered for this client: set the option 'alg' to that.`,
    option: 'alg',
  },
  {
    weight: (evidence) => named(evidence, assertionAudience) || audienceWeight(evidence),
    say: ({ sent: { audience }, tokenEndpoint }) =>
      audienceAdvice[audienceDifference(audience, tokenEndpoint) ?? 'none'](
        shownAudience(audience, 80),
      ),
    option: 'assertion.audience',
  },
  {
    weight: (evidence) => named(evidence, tooLong) || lifetimeWeight(evidence),
    say: ({ sent: { lifetimeSeconds } }) =>
      `The lifetime of ${lifetimeSeconds} s is over the server's limit: lower assertion.lifetimeSeconds.`,
    option: 'assertion.lifetimeSeconds',
  },
  {
    weight: (evidence) => named(evidence, time),
    say: ({ sent: { lifetimeSeconds } }) =>
      `The assertion was not valid when it arrived (lifetime ${lifetimeSeconds} s): check both clocks.`,
  },
  {
    weight: (evidence) => named(evidence, unknownClient),
    say: ({ sent }) =>
      `The client id ${shortClientId(sent)} is not known there: check it, and that the endpoint is of the same environment.`,
    option: 'clientId',
  },
  {
    weight: (evidence) => named(evidence, otherMethod),
    say: () =>
      'The client is registered to authenticate in another way: set its token_endpoint_auth_method to private_key_jwt.',
  },
]

const wrongKey = /signature(?!.?alg)|certificate|^(?!.*\bkid\b).*public key/
/** Not that of the access token, which is asked for by a form field. */
const assertionAudience = /\baud\b|(?<!requested |default )\baudience\b(?! parameter)/
const tooLong = /lifetime|too (long|far(?! in the past))|more than \d+ ?s|ahead/
const unknownKey = /\bkid\b|key.?id|no \w+ key/
/** Not of what is registered, such as a certificate, which ends as well. */
const time =
  /\b(exp|iat|nbf)\b|(?<!\b(key|certificate|secret|credential|registration)s?\b(?!.?id)[^.:;,(]*)expir|not (yet )?active|not yet valid|future|in the past/
const unknownClient =
  /\b(client|application)(?!.?assertion)\b.{0,60}\b(not (found|registered|known|exist)|unknown|disabled)|(unknown|no such) client/
/** A method that is not the registered one, or a secret in place of the assertion; not one that is missing. */
const otherMethod =
  /client_secret_(basic|post|jwt)|token_endpoint_auth_method|invalid client secret|authentication (method|mechanism)(?=.*\b(match|registered|allowed|permitted|supported)\b)|(unsupported|unexpected) (client )?authentication method/

const audienceAdvice: Readonly<Record<AudienceDifference | 'none', (audience: string) => string>> =
  {
    none: () => 'The server wants another aud, such as its issuer: set assertion.audience.',
    slash: (aud) => `The aud ${aud} differs from the token endpoint by the slash at its end.`,
    host: (aud) => `The aud ${aud} is on another host than the token endpoint.`,
    issuer: (aud) =>
      `The aud ${aud} looks like the issuer, and the server wants its token endpoint: leave assertion.audience out.`,
    other: (aud) => `The aud ${aud} is not the token endpoint: check assertion.audience.`,
  }

/** Codes that are about something else, whatever else their descriptions mention. */
const otherCode = /scope|target|resource|dpop/

/** 3 where the server's own words name something of the assertion. */
function named(evidence: Evidence, words: RegExp): number {
  return otherCode.test(evidence.error ?? '') ? 0 : namedAnyhow(evidence, words)
}

function isBareRefusal({ status, error }: Evidence): boolean {
  return error === undefined && isFinal(status) && !isWrongUrl(status)
}

/** Some servers say `unauthorized_client` where they mean `invalid_client`. */
function usual(evidence: Evidence): number {
  const { status, error } = evidence
  if (error === undefined || !isFinal(status)) return 0
  return isAboutAssertion(evidence) || error === 'unauthorized_client' ? 1 : 0
}

/** Without a kid some servers answer with an error status and nothing else. */
function kidWeight(evidence: Evidence): number {
  const isMissing = evidence.sent.kid === undefined && isAboutAssertion(evidence)
  return isMissing ? 1 : usual(evidence)
}

/** What has been accepted before is hardly at fault now. */
function suspect(evidence: Evidence): number {
  if (!isAboutAssertion(evidence)) return usual(evidence)
  return evidence.accepted === undefined ? 2 : 1
}

function audienceWeight(evidence: Evidence): number {
  const { audience } = evidence.sent
  return audience === evidence.tokenEndpoint ? usual(evidence) : suspect(evidence)
}

function lifetimeWeight(evidence: Evidence): number {
  return evidence.sent.lifetimeSeconds > 60 ? suspect(evidence) : 0
}

function newKeyWeight(evidence: Evidence): number {
  if (!isAboutAssertion(evidence) || !hasNewKey(evidence)) return 0
  return Math.max(2, named(evidence, unknownKey))
}

function hasNewKey({ accepted, sent }: Evidence): boolean {
  if (accepted === undefined) return false
  return accepted.kid !== sent.kid || accepted.thumbprint !== sent.thumbprint
}

function clockWeight(evidence: Evidence): number {
  if (!isSkewed(evidence.clockOffset) || !isAboutAssertion(evidence)) return 0
  return Math.max(2, named(evidence, time))
}

function clockOff({ clockOffset = 0, isCorrected }: Evidence): string {
  const seconds = Math.round(Math.abs(clockOffset) / 1000)
  const side = clockOffset > 0 ? 'behind' : 'ahead of'
  const so = isCorrected ? ', and correcting that did not help' : ': set it right'
  return `The clock here is ${seconds} s ${side} the server's Date${so}.`
}

/** How the audience of an assertion differs from the token endpoint. */
export type AudienceDifference = 'slash' | 'host' | 'issuer' | 'other'

/**
 * Undefined: it does not. 'slash': by one at the end; 'host': it is a URL on another host;
 * 'issuer': a URL that the token endpoint lies below, as an issuer's does.
 */
export function audienceDifference(
  audience: string,
  tokenEndpoint: string,
): AudienceDifference | undefined {
  if (audience === tokenEndpoint) return undefined
  if (withoutSlash(audience) === withoutSlash(tokenEndpoint)) return 'slash'
  if (!URL.canParse(audience)) return 'other'
  const { host, pathname, search } = new URL(audience)
  const endpoint = new URL(tokenEndpoint)
  if (host === '') return 'other'
  if (host !== endpoint.host) return 'host'
  const isAbove = search === '' && endpoint.pathname.startsWith(`${withoutSlash(pathname)}/`)
  return isAbove ? 'issuer' : 'other'
}

function withoutSlash(text: string): string {
  return text.endsWith('/') ? text.slice(0, -1) : text
}
