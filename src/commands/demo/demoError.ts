/** The demo failed. The message is a sentence for the user. */
export class DemoError extends Error {}
