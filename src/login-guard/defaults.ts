import { accountScores, sourceScores, sprayedFrom } from '../kernel/evidence.ts';

/** The defaults of {@link createLoginGuard}. The bounds of the tables are the same numbers: what is refused is kept, and whoever is displaced by a flood is asked for more. */
export const loginGuardDefaults = Object.freeze({
  mode: 'enforce' as const,
  /** The score of a network from which a right password of a stranger is not enough. */
  stepUpFrom: sourceScores.inheritsUpTo,
  /** The score from which no password of a stranger is looked at, and no mail is sent for one. */
  refuseFrom: sourceScores.keptFrom,
  /** Different wrong passwords of strangers at one account, from which a right one is not enough. */
  accountFrom: accountScores.inheritsUpTo,
  /** Names at which a password has failed today, from which it is not enough. */
  sprayedFrom,
  storeDeadlineMs: 50,
});
