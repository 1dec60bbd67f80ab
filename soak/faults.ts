// What went wrong, collected while the trial goes on, so that one fault does not hide the next.

/** More of them say nothing more. */
const MOST = 50

export class Faults {
  private readonly noted: string[] = []

  note(fault: string): void {
    if (this.noted.length < MOST) this.noted.push(fault)
  }

  get all(): readonly string[] {
    return this.noted
  }
}
