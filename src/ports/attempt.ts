/** What an adapter knows of a request, before anything is decided. */
export interface RequestFacts {
  /** The client's network address as the framework gives it (`req.ip`), or undefined where it has none. */
  readonly address: string | undefined;
  /** Which form of answer the client prefers. */
  readonly accepts: 'html' | 'json';
  /** The Cookie header as it came; the flows find the library's own in it. Absent: a browser that nobody knows. */
  readonly cookies?: string | undefined;
  /** What the browser calls itself, for people who look at the list of their browsers. Believed by nobody. */
  readonly userAgent?: string | undefined;
}
