/** The database cannot be seeded. The message is a sentence for the user. */
export class SeedError extends Error {}
