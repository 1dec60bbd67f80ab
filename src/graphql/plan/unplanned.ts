/**
 * A plan cannot write this response: it does not cover the document, or a value is not what the
 * schema says. The executor must answer, with its errors.
 */
export class Unplanned extends Error {
  override readonly name = 'Unplanned'
}
