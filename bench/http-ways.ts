/** The HTTP clients that bench:http measures; axios in both module systems. */
export const clients = ['axios-esm', 'axios-cjs', 'ky', 'fetch'] as const

export type Client = (typeof clients)[number]

/** A constant `Authorization` header, or our adapter. */
export const ways = ['constant', 'ours'] as const

export type Way = (typeof ways)[number]

export function isClient(name: string): name is Client {
  return clients.includes(name as Client)
}
