/** A text that counts the characters that are looked at, and copied, while it is read. */
export function countedText(text: string): { readonly counted: string; reads(): number } {
  let reads = 0
  const own = {
    length: text.length,
    charCodeAt: (at: number) => {
      reads++
      return text.charCodeAt(at)
    },
    slice: (from: number, to: number) => {
      reads += to - from
      return text.slice(from, to)
    },
    trim: () => text.trim(),
  }
  const counted = new Proxy(own, {
    get: (target, name) => {
      if (name in target) return Reflect.get(target, name)
      reads++
      return text[Number(name)]
    },
  }) as unknown as string
  return { counted, reads: () => reads }
}
