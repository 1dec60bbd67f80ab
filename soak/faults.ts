// Collects faults while the trial continues, so that one fault does not hide the next.

/** Further faults would add no information. */
const MAX_FAULTS = 50

export class Faults {
  private readonly noted: string[] = []

  note(fault: string): void {
    if (this.noted.length < MAX_FAULTS) this.noted.push(fault)
  }

  get all(): readonly string[] {
    return this.noted
  }
}
