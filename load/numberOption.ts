// Numbers on the command line.
import { InvalidArgumentError } from 'commander'

/** A parser for commander. */
export function numberOption(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`)
  }
}
