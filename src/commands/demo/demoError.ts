/** The demo cannot go on. The message is a sentence for the person at the terminal. */
export class DemoError extends Error {}
