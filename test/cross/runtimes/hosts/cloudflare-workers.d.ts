/** The part of workerd's own module that the suite uses. */
declare module 'cloudflare:workers' {
  export function waitUntil(work: Promise<unknown>): void
}
