import { createOptionError, readUrlText } from './options.js'

/** What a token is requested for: its scope (RFC 6749 section 3.3) and resources (RFC 8707). */
export interface RequestedAccess {
  /** Scope tokens in the order given, each once, joined by one space; undefined: none is requested. */
  readonly scope: string | undefined
  /** Absolute URIs in the order given, each once. */
  readonly resource: readonly string[]
}

/** @throws {ConfigurationError} `ERR_INVALID_SCOPE` for what RFC 6749 section 3.3 does not allow. */
export function parseScope(scope: unknown): string | undefined {
  const tokens = typeof scope === 'string' ? split(scope) : toList(scope)
  if (!Array.isArray(tokens) || !tokens.every(isScopeToken)) {
    throw createOptionError(
      'scope',
      'must be scope tokens separated by single spaces, or an array of them (RFC 6749 section 3.3)',
      'ERR_INVALID_SCOPE',
    )
  }
  return tokens.length === 0 ? undefined : [...new Set(tokens)].join(' ')
}

/** @throws {ConfigurationError} `ERR_INVALID_RESOURCE` for what is not an absolute URI without fragment. */
export function parseResource(resource: unknown): readonly string[] {
  const read = readUrlText(resource)
  const resources = typeof read === 'string' ? [read] : toList(read)
  if (!Array.isArray(resources) || !resources.every(isResourceIndicator)) {
    throw createOptionError(
      'resource',
      'must be an absolute URI without a fragment, or an array of them (RFC 8707 section 2)',
      'ERR_INVALID_RESOURCE',
    )
  }
  return [...new Set(resources)]
}

/** Returns one key for one set of scopes and resources, whatever their order. */
export function createAccessKey({ scope, resource }: RequestedAccess): string {
  return JSON.stringify([split(scope ?? '').sort(), [...resource].sort()])
}

/** Whether some requested scope tokens were not granted. */
export function isScopeReduced(
  requested: string | undefined,
  granted: string | undefined,
): boolean {
  if (requested === undefined || granted === undefined) return false
  const has = new Set(split(granted))
  return split(requested).some((token) => !has.has(token))
}

/** Copies an array: its holes, which `every` would skip, become members that do not fit. */
function toList(value: unknown): unknown {
  if (value === undefined) return []
  return Array.isArray(value) ? Array.from(value, readUrlText) : value
}

function split(scope: string): string[] {
  return scope === '' ? [] : scope.split(' ')
}

function isScopeToken(token: unknown): boolean {
  return typeof token === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(token)
}

function isResourceIndicator(uri: unknown): boolean {
  if (typeof uri !== 'string' || !/^[a-z][a-z\d+.-]*:[\x21-\x7e]+$/i.test(uri) || uri.includes('#'))
    return false
  return URL.canParse(uri)
}
