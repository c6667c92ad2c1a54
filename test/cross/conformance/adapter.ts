import { describe } from 'vitest'
import { cancelling } from './adapter/cancelling.ts'
import { deciding } from './adapter/deciding.ts'
import { failing } from './adapter/failing.ts'
import { injecting } from './adapter/injecting.ts'
import { judging } from './adapter/judging.ts'
import { lasting } from './adapter/lasting.ts'
import { originating } from './adapter/originating.ts'
import { renewing } from './adapter/renewing.ts'
import { replaying } from './adapter/replaying.ts'
import type { HostUnderTest } from './host.ts'

/**
 * What every adapter promises, for one host library. A test's name begins with the number of the
 * promise, from which the reporter makes the table of hosts and promises:
 *
 * 1 a token is put on requests, and many make one token request; 3 many 401s make one renewal;
 * 4 a late 401 costs none; 5 what renews nothing; 6 which bodies are replayed; 7 the caller's own
 * headers and requests; 8 per request; 9 no token for other origins; 10 aborts and timeouts;
 * 11 attached twice, and to two origins; 12 the host's own retries and options; 13 sockets;
 * 14 no token is available. (2, one provider behind all hosts, has a file of its own.)
 */
export function adapterSuite(host: HostUnderTest): void {
  describe(`host: ${host.name}`, () => {
    injecting(host)
    renewing(host)
    judging(host)
    deciding(host)
    replaying(host)
    originating(host)
    cancelling(host)
    failing(host)
    lasting(host)
  })
}
