// Writes JSON that is nested too deeply for JSON.stringify, which throws a RangeError after some
// thousand levels. The database refuses more than 100 levels (migration 20261128000002_guards),
// but can contain older, deeper values.

/** The next thing to write: a value, or text that is written unchanged. */
type Task = { readonly value: unknown } | { readonly text: string }

/**
 * Does what JSON.stringify does, to any depth.
 *
 * @throws RangeError if the text is too long for a string
 */
export function writeDeepJson(value: object): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // Also thrown where the text is too long for a string. Then the code below throws it, too.
    if (error instanceof RangeError) return writeWithoutRecursion(value)
    throw error
  }
}

function writeWithoutRecursion(root: object): string {
  const written: string[] = []
  const pending: Task[] = [{ value: root }]
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if ('text' in task) {
      written.push(task.text)
      continue
    }
    const value = plain(task.value)
    if (typeof value === 'object' && value !== null) for (const next of tasksOf(value).reverse()) pending.push(next)
    else written.push(JSON.stringify(value) ?? 'null')
  }
  return written.join('')
}

/** Some objects, such as dates, define their own JSON. */
function plain(value: unknown): unknown {
  const { toJSON } = (value ?? {}) as { toJSON?: unknown }
  return typeof toJSON === 'function' ? toJSON.call(value) : value
}

function tasksOf(value: object): Task[] {
  const isArray = Array.isArray(value)
  const members = isArray ? [...value].map((item) => ['', item] as const) : Object.entries(value).filter(isWritten)
  const tasks = members.flatMap(([name, member], index): Task[] => [
    { text: `${index === 0 ? '' : ','}${isArray ? '' : `${JSON.stringify(name)}:`}` },
    { value: member },
  ])
  return [{ text: isArray ? '[' : '{' }, ...tasks, { text: isArray ? ']' : '}' }]
}

function isWritten([, member]: readonly [string, unknown]): boolean {
  return member !== undefined && typeof member !== 'function' && typeof member !== 'symbol'
}
