// A command as the user has to type it.

/**
 * `seed --add` becomes `npm run seed -- --add` for a user who ran the npm script, because npm keeps
 * options for itself; otherwise `jobledger seed --add`.
 */
export function typedCommand(command: string, ...options: readonly string[]): string {
  // biome-ignore lint/style/noProcessEnv: these are npm's variables, not settings.
  const { npm_package_name: name, npm_lifecycle_event: script } = process.env
  const isNpm = name === 'jobledger' && script !== undefined && script !== 'npx'
  const words = isNpm && options.length > 0 ? ['--', ...options] : options
  return [isNpm ? 'npm run' : 'jobledger', command, ...words].join(' ')
}
