/** An HTTP answer as plain data. Adapters write it out unchanged. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
