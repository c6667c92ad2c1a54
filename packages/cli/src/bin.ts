#!/usr/bin/env node
/** Checks the version before the first import, which older versions of Node.js cannot load. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 12)) await import('./main.js')
else {
  console.error(`error: countersign needs Node.js 22.12 or newer. This is ${process.version}.`)
  process.exitCode = 1
}

export {}
