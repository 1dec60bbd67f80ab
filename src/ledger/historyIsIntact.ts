// The database refuses to change a job whose history was damaged while the guards were off, and
// with it the whole statement. So operations on many jobs skip such jobs. They stay unchanged until
// an operator repairs them.
import { Prisma } from '../database/generated/client.ts'

/**
 * A condition on `jobs`: the last record matches the state and version of the job, as the guards
 * require.
 */
export const HISTORY_IS_INTACT = Prisma.sql`EXISTS (SELECT FROM job_states AS latest
  WHERE latest.job_id = jobs.id AND latest.sequence = jobs.version AND latest.new_state = jobs.state)`
