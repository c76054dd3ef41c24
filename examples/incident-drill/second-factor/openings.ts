import type { DrillResult } from '../drill.ts';
import { secondFactorFiguresOf } from './figures.ts';

/**
 * Everything that opened in the third run and must not, as sentences; empty is the claim of the drill. An attack that did not
 * reach the second factor proves nothing, and counts as well.
 */
export function openingsOf({ mandatory, plan }: DrillResult): readonly string[] {
  const { secondFactor, figures } = mandatory;
  if (secondFactor === undefined) return ['the run was not played'];
  const { stopped, enrolledByAttacker, factorsLost, credentialsChanged, ownersBack } = secondFactorFiguresOf(secondFactor);
  const owners = plan.owners.length;
  const counts: readonly (readonly [count: number, what: string])[] = [
    [figures.accountsEntered, 'accounts were entered'],
    [figures.contactsExported, 'contact rows were exported'],
    [figures.spamSent, 'spam mails were sent'],
    [enrolledByAttacker, 'accounts have an authenticator of an attacker'],
    [factorsLost, 'owners have lost a factor or codes'],
    [credentialsChanged, 'accounts have another password or address'],
    [owners - ownersBack, 'owners do not get in any more'],
    [owners - stopped, 'right passwords did not meet a second factor'],
  ];
  const opened = secondFactor.thefts.flatMap((theft) => [...new Set(theft.opened)].map((what) => `${what} (${theft.stage})`));
  return [...counts.filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`), ...[...new Set(opened)].map((what) => `something opened: ${what}`)];
}
