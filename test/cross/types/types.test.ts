import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import typescript58 from 'typescript-5.8'
import typescript6 from 'typescript-6'
import { describe, expect, test } from 'vitest'
import {
  compilerInProcess,
  compilerProgram,
  compilerProgramVersion,
  type Options,
} from './compiler.ts'

const compilers = {
  '5.8': compilerInProcess(typescript58),
  '6': compilerInProcess(typescript6),
  '7': compilerProgram,
}

const resolutions = {
  node16: { module: 'node16' },
  nodenext: { module: 'nodenext' },
  bundler: { module: 'preserve', moduleResolution: 'bundler' },
}

const platforms = {
  'Node without the DOM library': { lib: ['es2023', 'esnext.disposable'], types: ['node'] },
  'the DOM library without Node': {
    lib: ['es2023', 'esnext.disposable', 'dom', 'dom.iterable'],
    types: [],
  },
}

type Platform = keyof typeof platforms

const modules = 'adapter axios errors events fetch jwks ky provider stores tokens'.split(' ')

function options(
  resolution: keyof typeof resolutions,
  platform: Platform,
  exactOptionalPropertyTypes: boolean,
): Options {
  return {
    ...{ noEmit: true, strict: true, target: 'es2023', skipLibCheck: false },
    ...{ ...resolutions[resolution], ...platforms[platform], exactOptionalPropertyTypes },
  }
}

function commonJs(name: string): string {
  return join(import.meta.dirname, `commonjs/${name}.ts`)
}

function programs(platform: Platform, isExact: boolean, resolution = 'nodenext'): string[] {
  const platformModule = platform.startsWith('Node') ? 'on-node' : 'on-the-web'
  const optionalModule = isExact ? 'exact-optional' : 'loose-optional'
  return (
    [...modules, 'testing', platformModule, optionalModule]
      .map((name) => join(import.meta.dirname, 'esm', `${name}.ts`))
      .concat(commonJs('program'))
      // Node 16 could not require an ES module.
      .concat(resolution === 'node16' ? [] : commonJs('ky'))
  )
}

test('the compilers are of the releases that they are named after', {
  tags: ['promise-8'],
}, async () => {
  expect(typescript58.version).toMatch(/^5\.8\./)
  expect(typescript6.version).toMatch(/^6\./)
  expect(await compilerProgramVersion()).toMatch(/^Version 7\./)
})

const keysOf = <Name extends string>(table: Record<Name, unknown>) => Object.keys(table) as Name[]
const settings = keysOf(compilers).flatMap((version) =>
  keysOf(resolutions).flatMap((resolution) =>
    keysOf(platforms).flatMap((platform) =>
      [true, false].map((isExact) => [version, resolution, platform, isExact] as const),
    ),
  ),
)

test.each(settings)(
  'TypeScript %s, %s, %s, exactOptionalPropertyTypes %s: valid programs compile, and invalid lines do not',
  { tags: ['promise-8'] },
  async (version, resolution, platform, isExact) => {
    const files = programs(platform, isExact, resolution)

    const errors = await compilers[version](files, options(resolution, platform, isExact))

    expect(errors).toEqual([])
  },
)

describe('a CommonJS program compiles with the classic resolution', () => {
  test.each([
    ['5.8', {}],
    // TypeScript 7 has neither this resolution nor a way to ask for it.
    ['6', { ignoreDeprecations: '6.0' }],
  ] as const)('of TypeScript %s', async (version, extra) => {
    const found = await compilers[version]([commonJs('program')], {
      ...options('nodenext', 'Node without the DOM library', true),
      ...{ module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true, ...extra },
    })

    expect(found).toEqual([])
  })
})

test('valid programs compile with the oldest hosts as well', async () => {
  const insteadOf = { axios: 'axios-1.12.0', ky: 'ky-2.0.0', jose: 'jose-6.2.13' }
  const compile = compilerInProcess(typescript6, { insteadOf })
  const platform = 'Node without the DOM library'

  const errors = await compile(programs(platform, true), options('nodenext', platform, true))

  expect(errors).toEqual([])
})

test('each invalid line is invalid for the reason that it states', async () => {
  const compile = compilerInProcess(typescript6, {
    read: (text) => text.replaceAll('@ts-expect-error', ''),
  })
  const platform = 'the DOM library without Node'
  const files = programs(platform, true)

  const errors = await compile(files, options('nodenext', platform, true))

  expect(errors.map((line) => /^\S+ \d+/.exec(line)?.[0])).toEqual(files.flatMap(expectedErrors))
})

function expectedErrors(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const code = /@ts-expect-error (\d+): /.exec(line)?.[1]
      return code === undefined
        ? []
        : [`${file.slice(import.meta.dirname.length + 1)}:${index + 2} ${code}`]
    })
}
