import { startWith, type RunningApp, type StartOptions } from '../shared/start.ts';
import { createApp } from './app.ts';

/** Starts the app and answers when it takes requests. */
export function startApp(options: StartOptions): Promise<RunningApp> {
  return startWith(async (auth, context) => {
    const app = createApp(auth, context);
    await app.ready();
    return {
      // The server listens already, since the links in mails need its port. An app that knows its own address calls `app.listen`.
      listener: (req, res) => {
        app.routing(req, res);
      },
      close: () => app.close(),
    };
  }, options);
}
