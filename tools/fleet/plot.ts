import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

interface Line {
  readonly title: string
  readonly history: readonly number[]
}

/** The colors follow the scheme of the reader. */
const style = `
  svg { color: #1f2328; background: #fff; font: 12px system-ui, sans-serif }
  @media (prefers-color-scheme: dark) { svg { color: #e6edf3; background: #0d1117 } }`

/** Draws the token requests of each scenario over time, as SVG for light and dark pages. */
export function drawRequests(lines: readonly Line[]): string {
  const { document } = parseHTML('<html><body></body></html>')
  const points = lines.flatMap(({ title, history }) =>
    history.map((requests, second) => ({ title, requests, second: second + 1 })),
  )
  const channels = { x: 'second', y: 'requests', stroke: 'title' } as const
  const plot = Plot.plot({
    document: document as never,
    ...{ width: 720, height: 360, marginRight: 180 },
    x: { label: 'seconds' },
    y: { label: 'token requests', grid: true },
    marks: [
      Plot.line(points, channels),
      Plot.text(
        points,
        Plot.selectLast({ ...channels, z: 'title', text: 'title', textAnchor: 'start', dx: 6 }),
      ),
    ],
  })
  const element = document.createElement('style')
  element.textContent = style
  plot.prepend(element)
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return `${plot.outerHTML}\n`
}
