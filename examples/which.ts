process.stdout.write(`Larkpost, the example app of portcullis, is there twice: the same pages and the same data, on either framework.

  npm run example:express     http://127.0.0.1:3000, unless --port says otherwise
  npm run example:fastify
  npm run drill               the incident of 2019, against the one on Express
  npm run drill -- --app fastify

Options go behind two hyphens: npm run example:fastify -- --unprotected. With -- --help each lists its own.
`);
