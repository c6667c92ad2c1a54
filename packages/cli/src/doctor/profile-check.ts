import { commonOptions as options } from '../common-options.js'
import type { Settings } from '../settings.js'
import { type Check, check } from './check.js'

/** Whether the endpoint of the profile is the one that is asked; none without a profile. */
export function profileChecks(settings: Settings): readonly Check[] {
  const { profile } = settings
  if (profile === undefined) return []
  const { ok, warning } = check('profile', 'Profile')
  const { tokenEndpoint, title } = profile
  const used = settings.required(options.tokenEndpoint)
  if (used === tokenEndpoint) return [ok(`The token endpoint is that of ${title}.`)]
  const isFlag = settings.flag(options.tokenEndpoint) !== undefined
  const [who, out] = isFlag
    ? ['--token-endpoint', 'leave it out']
    : ['TOKEN_ENDPOINT of the environment or the --dotenv file', 'take it out']
  return [
    warning(
      `${who} goes before the token endpoint of ${title}, and is ${shown(used)}: ${out} to ask ${tokenEndpoint}.`,
    ),
  ]
}

/** Neither user name nor password, nor parameters. */
function shown(url: string): string {
  if (!URL.canParse(url)) return 'another'
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
