/** The library itself, under the name that people try first; nothing of the command line is loaded. */
export * from '@countersign/core'
