export type { ReplyName, ReplyTemplate } from './templates.ts';
export { createUniformReplies, uniformDefaults, type UniformOptions, type UniformReplies, type UniformSpan } from './uniform.ts';
