import type { SecondFactorReport } from './acts.ts';

/** What the third run comes to, beside what all runs have. */
export interface SecondFactorFigures {
  /** Accounts whose right password was asked for a second factor. */
  readonly stopped: number;
  /** Codes of authenticators and recovery codes that attackers sent: guessed, or seen in use. */
  readonly codesSent: number;
  /** Accounts with an authenticator of an attacker. */
  readonly enrolledByAttacker: number;
  /** Accounts whose owner's factor or recovery codes are not as they were. */
  readonly factorsLost: number;
  /** Accounts whose password or address an attacker changed. */
  readonly credentialsChanged: number;
  /** Owners who got in afterwards: with their code, or by setting up the factor that they are asked for. */
  readonly ownersBack: number;
  /** Owners who were mailed anything during the attack, and how much in all. */
  readonly ownersTold: number;
  readonly mailsToOwners: number;
}

export function secondFactorFiguresOf({ thefts, homeComings, mails }: SecondFactorReport): SecondFactorFigures {
  const changed = new Set(thefts.filter(({ factorChanged }) => factorChanged).map(({ email }) => email));
  return {
    stopped: thefts.length,
    codesSent: thefts.reduce((sum, { codesSent }) => sum + codesSent, 0),
    enrolledByAttacker: thefts.filter(({ enrolled }) => enrolled).length,
    factorsLost: homeComings.filter(({ email, factorsAreWhole }) => !factorsAreWhole || changed.has(email)).length,
    credentialsChanged: thefts.filter(({ credentialsChanged }) => credentialsChanged).length,
    ownersBack: homeComings.filter(({ isIn }) => isIn).length,
    ownersTold: new Set(mails.map(({ to }) => to)).size,
    mailsToOwners: mails.length,
  };
}
