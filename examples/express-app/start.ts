import type { RequestListener } from 'node:http';
import { startWith, type RunningApp, type StartOptions } from '../shared/start.ts';
import { createApp } from './app.ts';

/** Starts the app and answers when it takes requests. */
export function startApp(options: StartOptions): Promise<RunningApp> {
  return startWith(async (auth, context) => ({ listener: (await createApp(auth, context)) as RequestListener }), options);
}
