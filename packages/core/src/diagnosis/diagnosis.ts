import { assertionCauses } from './assertion-causes.js'
import { type Cause, type Evidence, isRetryableStatus, isWrongUrl, named } from './evidence.js'
import { shown, shownKid } from './sent-assertion.js'

/** What an answer may come from apart from the assertion. */
const answerCauses: readonly Cause[] = [
  {
    weight: ({ status }) => (status === 429 ? 4 : 0),
    say: () => 'Too many token requests: share one provider per client id.',
  },
  {
    weight: ({ status }) => (status !== 429 && isRetryableStatus(status) ? 4 : 0),
    say: () => 'The authorization server is in trouble; later calls try again.',
  },
  {
    weight: ({ status }) => (isWrongUrl(status) ? 4 : 0),
    say: ({ tokenEndpoint }) =>
      `The path ${shown(new URL(tokenEndpoint).pathname, 80)} is wrong. Check the URL of the token endpoint.`,
    option: 'tokenEndpoint',
  },
  {
    weight: (evidence) => (isPage(evidence) && evidence.status < 500 ? 2 : 0),
    say: () => 'A login page, a proxy or a firewall answered in place of the token endpoint.',
  },
  {
    weight: (evidence) => (isPage(evidence) && evidence.status >= 500 ? 1 : 0),
    say: ({ sent }) =>
      `Some servers answer so to a kid that they do not know (${shownKid(sent.kid)}).`,
  },
  {
    weight: ({ status, error }) => (status === 403 && error === undefined ? 1 : 0),
    say: () => 'The address of this machine is blocked, perhaps after many failed requests.',
  },
  {
    weight: ({ status, error }) => (status === 407 && error === undefined ? 4 : 0),
    say: () => 'A proxy requires credentials: check the user name and password in its URL.',
  },
  {
    weight: (evidence) => (says(evidence, 'dpop') ? 3 : named(evidence, /dpop/)),
    say: () => 'The client is set up for DPoP, which is not there yet: have it take Bearer tokens.',
  },
  {
    weight: (evidence) =>
      named(
        evidence,
        /no client authentication mechanism|client_assertion(_type)? (format|is missing|must be (provided|set))|(must contain|missing)[^.]*client_assertion|'client_assertion'.* is required/,
      ),
    say: () => 'The client_assertion did not arrive whole: something between changes the form.',
  },
  {
    weight: (evidence) => (says(evidence, 'scope') ? 3 : named(evidence, /\bscopes?\b/)),
    say: () => 'A scope that is misspelt or not granted to this client.',
    option: 'scope',
  },
  {
    weight: (evidence) => (says(evidence, 'invalid_target') ? 3 : named(evidence, /\bresource\b/)),
    say: () => 'A resource that the server does not know.',
    option: 'resource',
  },
  {
    weight: (evidence) =>
      says(evidence, 'unauthorized_client') ? 2 : named(evidence, /grant.?type|client_credentials/),
    say: () => 'The client may not use the client_credentials grant.',
  },
  {
    weight: (evidence) => (says(evidence, 'unsupported_grant_type') ? 3 : 0),
    say: () => 'The server or the client lacks the client_credentials grant.',
  },
  {
    weight: (evidence) =>
      named(evidence, /(requested|default) audience|audience parameter/) ||
      (says(evidence, 'invalid_request') ? 2 : 0),
    say: () => 'A parameter that the server requires is missing, or one that it refuses was sent.',
  },
  {
    weight: (evidence) => (says(evidence, 'invalid_grant') ? 2 : 0),
    say: () => 'The assertion is expired or was used before.',
  },
]

/** Of equal weight the first counts. */
export const causes: readonly Cause[] = [...assertionCauses, ...answerCauses]

/**
 * What may be the cause of a refusal, most likely first, three at the most. Where the server's own
 * words name one, what is merely usual is left out.
 */
export function diagnose(evidence: Evidence): readonly string[] {
  return likelyCauses(evidence).map(({ say }) => say(evidence))
}

/** The names of the options that these causes are about. */
export function optionsToCheck(evidence: Evidence): readonly string[] {
  return likelyCauses(evidence).flatMap(({ option = [] }) => option)
}

function likelyCauses(evidence: Evidence): readonly Cause[] {
  const weighed = causes
    .map((cause) => ({ cause, weight: cause.weight(evidence) }))
    .sort((one, other) => other.weight - one.weight)
  const least = weighed[0]?.weight === 3 ? 2 : 1
  return weighed
    .filter(({ weight }) => weight >= least)
    .slice(0, 3)
    .map(({ cause }) => cause)
}

function isPage({ status, isHtml, error }: Evidence): boolean {
  return isHtml && error === undefined && !isWrongUrl(status)
}

/** By the code of the error itself. */
function says({ error }: Evidence, word: string): boolean {
  return error?.includes(word) ?? false
}
