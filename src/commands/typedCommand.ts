// A command as the person at the terminal has to type it.

/**
 * `seed --add` becomes `npm run seed -- --add` for a person who has started the script of that name by npm, which keeps options for
 * itself; otherwise `jobledger seed --add`.
 */
export function typedCommand(command: string, ...options: readonly string[]): string {
  // biome-ignore lint/style/noProcessEnv: npm's own variables, no settings of ours.
  const { npm_package_name: name, npm_lifecycle_event: script } = process.env
  const isNpm = name === 'jobledger' && script !== undefined && script !== 'npx'
  const words = isNpm && options.length > 0 ? ['--', ...options] : options
  return [isNpm ? 'npm run' : 'jobledger', command, ...words].join(' ')
}
