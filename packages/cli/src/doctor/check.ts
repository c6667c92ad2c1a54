/** What one look found. */
export interface Check {
  readonly id: string
  readonly title: string
  readonly status: 'ok' | 'warning' | 'bad' | 'skipped'
  /** One sentence. Of a bad check it is a cause, and says what to do. */
  readonly detail: string
}

/** The makers of one check's outcomes. */
export function check(id: string, title: string) {
  const found = (status: Check['status']) => (detail: string) => ({ id, title, status, detail })
  return {
    ok: found('ok'),
    warning: found('warning'),
    bad: found('bad'),
    skipped: found('skipped'),
  }
}
