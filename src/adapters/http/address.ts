import { networkOf } from '../../kernel/address.ts';
import { isThenable } from '../../kernel/deadline.ts';
import { callback, type OptionReader } from '../../kernel/options.ts';
import type { HttpRequest } from './framework.ts';

/** Tells where a request came from; undefined for nowhere. Never throws. */
export type AddressOf<Req> = (req: Req) => string | undefined;

/** What the framework says: it believes the proxies that the app has named to it. */
export const frameworkAddress: AddressOf<HttpRequest> = ({ ip }) => ip;

/**
 * By the app's own function. What is no address counts as none, in the limits' wide bucket: a mistake there must not turn
 * every sign-in into an error. It is named, once, and not told, since it may hold anything.
 */
export function ownAddress<Req>(own: (req: Req) => string | undefined): AddressOf<Req> {
  let told = false;
  function tell(what: string): void {
    if (told) return;
    told = true;
    process.emitWarning(`portcullis: the option address ${what}, so requests count as those without an address`, { code: 'PORTCULLIS_ADDRESS_OPTION' });
  }
  return (req) => {
    try {
      const answer: unknown = own(req);
      if (answer === undefined || (typeof answer === 'string' && networkOf(answer) !== undefined)) return answer;
      // Nobody waits for it, and unheard its failure would end the process.
      if (isThenable(answer)) answer.then(undefined, () => undefined);
      tell('answered what is no network address');
    } catch {
      tell('threw');
    }
    return undefined;
  };
}

/** The option `address` of doors and limits. */
export function addressOption<Req extends HttpRequest>(): OptionReader<AddressOf<Req>> {
  return (given, name) => (given === undefined ? frameworkAddress : ownAddress(callback<(req: Req) => string | undefined>()(given, name)));
}
