/** The defaults of {@link createLoginGuard}. */
export const loginGuardDefaults = Object.freeze({
  mode: 'enforce' as const,
  /** The score of a network from which a right password of a stranger is not enough. */
  stepUpFrom: 8,
  /** The score from which no password of a stranger is looked at. */
  refuseFrom: 40,
  /** Different wrong passwords of strangers at one account, from which a right one is not enough. */
  accountFrom: 10,
  /** Names at which a password has failed today, from which it is not enough. */
  sprayedFrom: 6,
  storeDeadlineMs: 50,
});
