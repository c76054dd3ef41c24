/** Paths of the app's pages, each beginning with a slash. */
export interface LinkPaths {
  readonly signIn: string;
  readonly signUp: string;
  readonly confirm: string;
  readonly forgot: string;
  readonly reset: string;
  /** Where a mailed challenge is confirmed. */
  readonly challenge: string;
  /** Where its receiver says that it was somebody else. */
  readonly disown: string;
  readonly confirmEmail: string;
}

/** The links in mails. */
export interface Links {
  readonly signIn: string;
  readonly signUp: string;
  readonly forgot: string;
  /** The token goes into the fragment, which browsers send to nobody: no log, no proxy and no Referer has it (ASVS 5.0 14.2.1). */
  confirm(token: string): string;
  reset(token: string): string;
  challenge(token: string): string;
  disown(token: string): string;
  confirmEmail(token: string): string;
}

/** `baseUrl` is configuration, never a Host header: whoever can choose that header would get the token. */
export function createLinks(baseUrl: string, paths: LinkPaths): Links {
  const base = baseUrl.replace(/\/+$/, '');
  return Object.freeze({
    signIn: base + paths.signIn,
    signUp: base + paths.signUp,
    forgot: base + paths.forgot,
    confirm: (token: string) => `${base}${paths.confirm}#token=${token}`,
    reset: (token: string) => `${base}${paths.reset}#token=${token}`,
    challenge: (token: string) => `${base}${paths.challenge}#token=${token}`,
    disown: (token: string) => `${base}${paths.disown}#token=${token}`,
    confirmEmail: (token: string) => `${base}${paths.confirmEmail}#token=${token}`,
  });
}
