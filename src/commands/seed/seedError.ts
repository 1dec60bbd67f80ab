/** The database cannot be seeded. The message is a sentence for the person at the terminal. */
export class SeedError extends Error {}
