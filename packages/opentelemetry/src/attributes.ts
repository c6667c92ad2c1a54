import type { Attributes } from '@opentelemetry/api'

/** Describes the host of a URL or an origin, by OpenTelemetry's names. */
export function describeServer(url: string): Attributes {
  if (!URL.canParse(url)) return {}
  const { hostname, port, protocol } = new URL(url)
  const standard = protocol === 'http:' ? 80 : 443
  return { 'server.address': hostname, 'server.port': port === '' ? standard : Number(port) }
}
