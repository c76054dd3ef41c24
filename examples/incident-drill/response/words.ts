import { passPhrase } from '../people.ts';
import { createRandom } from '../random.ts';
import { routes } from '../second-factor/routes.ts';
import type { Stage } from '../stage.ts';
import type { Exchange } from '../wire.ts';

/** What a stranger is told for an address that nobody has. */
export function nobodysAnswer({ plan, botnet }: Stage): Promise<Exchange> {
  const random = createRandom(plan.seed, 'nobody');
  return botnet.send({ path: routes.login, form: { email: `nobody${random.integer(1e9)}@list.example`, password: passPhrase(random) } });
}

/** Headers whose values are a matter of the moment, or of whether the request had a cookie of a session. */
const fleeting = new Set(['date', 'set-cookie', 'content-length', 'transfer-encoding']);

/** Whether two answers read alike: status, body, headers and their values. */
export function sameWords(one: Exchange, other: Exchange): boolean {
  return one.status === other.status && one.body === other.body && headersOf(one) === headersOf(other);
}

function headersOf({ headers }: Exchange): string {
  return JSON.stringify(Object.entries(headers).filter(([name]) => !fleeting.has(name)).sort());
}
