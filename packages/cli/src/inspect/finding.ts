/** One judgement of one rule. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error'
  /** The header member or claim that was judged, or `signature`. */
  readonly subject: string
  /** One sentence. */
  readonly message: string
  /** Where the rule stands. */
  readonly reference: string
}

/** The judge of one subject by one rule. */
export interface Judge {
  ok(message: string): Finding
  warning(message: string): Finding
  error(message: string): Finding
}

export function judge(subject: string, reference: string): Judge {
  const finding = (level: Finding['level']) => (message: string) => ({
    ...{ level, subject, message, reference },
  })
  return { ok: finding('ok'), warning: finding('warning'), error: finding('error') }
}

/** What a claim says, cut short, for a sentence. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
