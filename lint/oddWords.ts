// Words and phrases that the prose of this project does without, and what to write instead.
// Patterns are global and ignore case.

export interface OddWord {
  readonly pattern: RegExp
  readonly instead: string
}

const words = (words: string, instead: string): OddWord => ({
  pattern: new RegExp(`\\b(?:${words})\\b`, 'gi'),
  instead,
})

export const ODD_WORDS: readonly OddWord[] = [
  words('told|tells?|telling', 'write "logged", "reports", "shows", "says"'),
  words('in force', 'write "enabled", "valid" or "in effect"'),
  words('anew', 'write "again", "from the start" or "rebuild"'),
  words('for ever', 'write "forever", "always" or "without end"'),
  words('whoever', 'write "a caller that", "who" or "anyone who"'),
  words('nobody|somebody', 'write "no one", "someone", or name the role'),
  words('so many|so long', 'give the number or the limit'),
  words('came(?=[.;,)`\'"]|$)', 'of input, write "got"'),
  words('(?:is|are|was|were|be|server|broker|database) away', 'write "unavailable"'),
  words('takes no|take no', 'write "does not take"'),
  words('is had|are had|be had', 'write "is available"'),
  words('there is none|there are none', 'write "does not exist" or "without"'),
  words('workshop|stumbles?|chores?', 'no nicknames: write the standard term'),
  words('line of the ledger|lines of the ledger', 'write "record"'),
  words('hand(?:s|ed|ing)? on|handed over', 'write "publish", "pass" or "forward"'),
  words('turned away', 'write "refused" or "authentication failed"'),
  words('in particular', 'leave it out, or say which'),
  words('just now', 'write "at the moment" or leave it out'),
  words('had better|as it were|so to speak', 'leave it out'),
  words('whole number', 'write "integer"'),
  words('on its own account|by itself alone', 'leave it out'),
  words('nor does|nor do', 'write "does not ... either"'),
  words('is not let|are not let|let in|lets in', 'write "is refused" or "admitted"'),
  words('goes on|go on|going on|gone on', 'write "continues", "resumes" or "in progress"'),
  words('begun|began', 'write "started"'),
  words('that is over|is over|are over|was over', 'write "has ended" or "exceeds"'),
  words('given up|gives up|gave up|give up', 'write "aborted", "cancelled" or "stopped"'),
]
