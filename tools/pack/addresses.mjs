/** Returns the manifest with the addresses that npm links to. */
export function withAddresses(manifest, directory, { homepage, repository }) {
  return {
    ...manifest,
    homepage: homepage || `${repository}#readme`,
    repository: { type: 'git', url: `git+${repository}.git`, directory },
    bugs: { url: `${repository}/issues` },
  }
}

/** Resolves each relative link of a Markdown text against `base`. Links in the page stay. */
export function absoluteLinks(markdown, base) {
  return markdown.replace(
    /(\]\(|^\[[^\]]+\]: )(?![a-z][a-z+.-]*:|#)([^)\s]+)/gim,
    (_, before, link) => before + new URL(link, base).href,
  )
}
