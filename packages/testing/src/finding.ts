/** The result of one rule for one JWT. */
export interface JwtFinding {
  /** `error`: a server that follows the rule rejects the JWT; `warning`: some servers do. */
  readonly level: 'ok' | 'warning' | 'error'
  /** The header member or claim that the rule is about, `lifetime`, or `signature`. */
  readonly subject: string
  /** The result in words. It starts in lower case and has no full stop, as servers write it. */
  readonly message: string
  /** The section that states the rule, such as `RFC 7519 section 4.1.4`. */
  readonly reference: string
}

/** Creates the functions that report the result of one rule. */
export function createRule(
  subject: string,
  reference: string,
): Readonly<Record<JwtFinding['level'], (message: string) => JwtFinding>> {
  const report = (level: JwtFinding['level']) => (message: string) => ({
    ...{ level, subject, message, reference },
  })
  return { ok: report('ok'), warning: report('warning'), error: report('error') }
}

/** Returns a value of a JWT as JSON of at most 120 characters. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
