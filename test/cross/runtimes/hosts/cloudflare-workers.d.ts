/** What is used of workerd's own module. */
declare module 'cloudflare:workers' {
  export function waitUntil(work: Promise<unknown>): void
}
