import { expect, test } from 'vitest'
import { applyFault, parseFaults } from '../../faults/fault-list.ts'

const section = `# Faults

### U3 C9: a late 401
\`packages/core/src/a.ts\`
\`\`\`diff
-  if (isCurrent) return false
+  if (never) return false
\`\`\`
`

test('reads rows, file and the one line that is changed', () => {
  expect(parseFaults(section)).toEqual([
    {
      rows: ['U3', 'C9'],
      file: 'packages/core/src/a.ts',
      before: 'if (isCurrent) return false',
      after: 'if (never) return false',
    },
  ])
})

test.each([
  ['no row', section.replace('U3 C9', 'late')],
  ['no file', section.replace('`packages/core/src/a.ts`', '')],
  ['two lines', section.replace('+  if', '+  x\n+  if')],
  ['no line', section.replace('-  if (isCurrent) return false\n', '')],
])('a section with %s is an error that names it', (_, markdown) => {
  expect(() => parseFaults(markdown)).toThrow(/^The section '.*: a late 401' does not name/)
})

test('changes the line where it stands, once, and keeps its indentation', () => {
  const [fault] = parseFaults(section)
  if (fault === undefined) expect.unreachable()

  expect(applyFault(fault, 'a\n    if (isCurrent) return false\nb')).toBe(
    'a\n    if (never) return false\nb',
  )
  expect(() => applyFault(fault, 'a')).toThrow(/has 0 lines/)
  expect(() => applyFault(fault, `${fault.before}\n${fault.before}`)).toThrow(/has 2 lines/)
})
