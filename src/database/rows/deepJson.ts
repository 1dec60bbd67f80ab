// JSON that is nested deeper than JSON.stringify can go, which ends at some thousand levels with a RangeError. The database refuses more than
// 100 levels (migration 20261127000060_json_depth), but may hold deeper values from before.

/** What is still to be written: a value, or text that is written as it is. */
type Task = { readonly value: unknown } | { readonly text: string }

/** As JSON.stringify does, to any depth. */
export function writeDeepJson(value: object): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // A text that is too long for a string is too long below as well.
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

/** Errors, for example, say themselves what they are as JSON. */
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
