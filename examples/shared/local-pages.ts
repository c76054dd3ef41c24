/** Which page a path belongs to: the form that posts there, or the page that has the button. The first that fits. */
const pages: readonly (readonly [path: RegExp, page: string | undefined])[] = [
  [/^\/contacts(\/|$)/, '/contacts'],
  [/^\/campaigns$/, '/campaigns'],
  [/^\/account\/security(\/|$)/, '/account/security'],
  [/^\/account(\/|$)/, '/account'],
  [/^\/operator\/contain$/, undefined],
  [/^\/operator\/live$/, undefined],
  [/^\/operator\/live\//, '/operator/live'],
  [/^\/operator\/alarms\/[\w-]{16}\/contain$/, undefined],
  [/^\/operator\/incidents\/[\w.-]{1,64}$/, undefined],
  [/^\/operator(\/|$)/, '/operator'],
  // With an id of somebody: the page itself.
  [/^\/team\/members\/[\w-]{1,64}\/second-step$/, undefined],
  [/^\/team(\/|$)/, '/team'],
];

/**
 * The page of this app that a path belongs to. Whatever comes in, only a page of this table comes out, so that nobody can
 * send people elsewhere with a link that begins here.
 */
export function localPage(path: unknown): string {
  if (typeof path !== 'string') return '/contacts';
  const found = pages.find(([pattern]) => pattern.test(path));
  return found === undefined ? '/contacts' : (found[1] ?? path);
}
