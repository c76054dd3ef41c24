import type { LimiterPass, Limiter } from '../limiter/index.ts';
import type { GuardReceipt } from '../login-guard/index.ts';
import type { EventSubject, FlowName } from '../ports/events.ts';
import { refundName, type Visit } from './door.ts';
import type { LimitRuleName } from './limit-keys.ts';
import type { Answered, FlowParts } from './parts.ts';

/** A fixed time: that after which the score has faded would tell what the score is. */
const refusedForMs = 3_600_000;

/** Somebody who asks for a mail, has been charged for it by the limiter, and says no password. */
interface MailRequest {
  readonly flow: FlowName;
  /** Canonical, and whether anybody has it is not known. */
  readonly name: string;
  readonly limiter: Limiter<LimitRuleName>;
  readonly pass: LimiterPass;
  readonly about: EventSubject;
}

/** `receipt` waits in what is mailed: whoever answers the mail gets back what was counted. Refused: the answer to give. */
export type AdmittedRequest = { readonly ok: true; readonly receipt?: GuardReceipt } | { readonly ok: false; readonly answered: Answered };

/**
 * Counts a request for a mail against its network, before anybody looks who has the name: whoever tries names here, once signing in is refused, or
 * before it, leaves a trace. All names count the same, or the score of the network would tell whose they are (OWASP ASVS 5.0 6.3.8). A browser whose
 * cookie claims to know the account of that name is left alone: it is of use for that name only, and its limits stand.
 */
export async function admitRequest(parts: FlowParts, { facts, now }: Visit, { flow, name, limiter, pass, about }: MailRequest): Promise<AdmittedRequest> {
  const { loginGuard, devices, uniform } = parts;
  if (devices.read(facts.cookies).mayKnow(name)) return { ok: true };
  const { refused, receipt } = await loginGuard.reserve({ address: facts.address, account: name, exists: false, flow, about });
  if (!refused) return { ok: true, receipt };
  // No mail comes of it, and whoever is refused must not use up the mails of somebody else.
  await refundName(parts, limiter, { pass, facts });
  return { ok: false, answered: now(uniform.comeBack('too-many-requests', refusedForMs, facts.accepts)) };
}

/** Runs what a request was counted for. One that no mail comes of, since the form was wrong or something broke, tried no name. */
export async function orUncounted<T extends { readonly ok: boolean }>({ loginGuard }: Pick<FlowParts, 'loginGuard'>, receipt: GuardReceipt | undefined, work: () => Promise<T>): Promise<T> {
  let done = false;
  try {
    const result = await work();
    done = result.ok;
    return result;
  } finally {
    if (!done && receipt !== undefined) void loginGuard.settle(receipt, 'refunded');
  }
}
